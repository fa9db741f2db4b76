const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Markup that is safe to put into a page: what is not of this type is escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes: markup as it is, text and numbers escaped, lists of them; nothing for false. */
export type HtmlPart = Html | string | number | false | undefined | readonly HtmlPart[];

function write(part: HtmlPart): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(write).join('');
  return String(part).replace(/[&<>"']/g, (char) => entities[char] ?? char);
}

/** A template for markup: whatever is put into it is escaped, unless it is markup itself. */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  const pieces = strings.map((string, index) => string + write(parts[index]));
  return new Html(pieces.join(''));
}

/** An address to read; it may break after each slash, so that it fits on a phone. */
export const readableUrl = (url: string): Html[] =>
  url.split('/').map((part, index) => (index === 0 ? html`${part}` : html`/<wbr>${part}`));
