const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Markup that is safe to put into a page. Everything that is not of this type is escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** The values for a template: markup is inserted as it is, text and numbers escaped, lists in order, false not at all. */
export type HtmlPart = Html | string | number | false | undefined | readonly HtmlPart[];

function write(part: HtmlPart): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(write).join('');
  return String(part).replace(/[&<>"']/g, (char) => entities[char] ?? char);
}

/** A template for markup. Values are escaped, unless they are markup themselves. */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  const pieces = strings.map((string, index) => string + write(parts[index]));
  return new Html(pieces.join(''));
}

/** An address for people to read. It may break after each slash, so that it fits on a phone. */
export const readableUrl = (url: string): Html[] =>
  url.split('/').map((part, index) => (index === 0 ? html`${part}` : html`/<wbr>${part}`));

/** A complete page; `head` is added to what all pages have in their head. */
export function renderPage(title: string, head: Html, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
${head}
</head>
<body>
${body}
</body>
</html>
`.text;
}
