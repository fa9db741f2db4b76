/** What a Markdown document refers to. Made for this project's documents, not for all of Markdown. */
export interface Markdown {
  /** Targets of links and images, as they are written. */
  readonly links: readonly string[];
  /** Words in backticks; those of a command count one by one. */
  readonly codeWords: readonly string[];
  /** Words of code blocks, fenced or indented. */
  readonly blockWords: readonly string[];
  /** What may follow `#` in a link to the document: GitHub's names of its headings. */
  readonly anchors: ReadonlySet<string>;
}

/** Reads a Markdown document. */
export function readMarkdown(text: string): Markdown {
  const { prose, blocks } = split(text);
  const codeWords: string[] = [];
  const withoutCode = prose.replaceAll(/(`+)(.+?)\1/gs, (_, _ticks, code: string) => {
    codeWords.push(...wordsOf(code));
    return 'code';
  });
  const links = [...withoutCode.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].map(
    ([, target]) => target ?? '',
  );
  const references = [...withoutCode.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)].map(
    ([, target]) => target ?? '',
  );
  return {
    links: [...links, ...references],
    codeWords,
    blockWords: wordsOf(blocks),
    anchors: anchorsOf(prose),
  };
}

/** The text outside of code blocks, and that inside. */
function split(text: string): { readonly prose: string; readonly blocks: string } {
  const prose: string[] = [];
  const blocks: string[] = [];
  let fence: string | undefined;
  let afterBlank = true;
  for (const line of text.split('\n')) {
    const mark = /^\s*(```+|~~~+)/.exec(line)?.[1];
    if (mark !== undefined && (fence === undefined || mark.startsWith(fence))) {
      fence = fence === undefined ? mark : undefined;
    } else if (fence !== undefined) {
      blocks.push(line);
    } else if (/^ {4}\S/.test(line) && afterBlank) {
      blocks.push(line);
      continue;
    } else {
      prose.push(line);
    }
    afterBlank = line.trim() === '';
  }
  return { prose: prose.join('\n'), blocks: blocks.join('\n') };
}

const wordsOf = (code: string): string[] => code.split(/\s+/).filter((word) => word !== '');

/** GitHub's rule: lower case, no punctuation, hyphens for spaces; a number for each repetition. */
function anchorsOf(prose: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of prose.matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const name = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    let unique = name;
    for (let n = 1; anchors.has(unique); n += 1) unique = `${name}-${n}`;
    anchors.add(unique);
  }
  return anchors;
}
