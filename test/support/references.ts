import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { readMarkdown } from './markdown.ts';

const skipped = new Set(['node_modules', 'dist', '.git', '.data', '.cache', '.test']);

/** What a file of the repository may end with, so that a word is known to name one. */
const extensions = /[\w-]\.(ts|mjs|cjs|js|json|sql|md|yml|css|svg|png)$/;

/** A path as documents write it, relative to a folder; a segment may be a placeholder such as `<type>.ts`. */
const relativePath = /^[\w.@-]+(\/[\w.@<>*-]*)*$/;

/** All files of the project, relative to its root; without what is installed, built or kept. */
export function listFiles(root: string, folder = ''): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter((entry) => !skipped.has(entry.name))
    .flatMap((entry) => {
      const file = path.posix.join(folder, entry.name);
      return entry.isDirectory() ? listFiles(root, file) : [file];
    });
}

/**
 * What the Markdown documents of a project name and is not there: relative links, anchors, and paths of files
 * and folders in backticks or code blocks. One line for each, `document: what is missing`.
 */
export function findBrokenReferences(root: string): string[] {
  const files = listFiles(root);
  const names = new Set(files.map((file) => path.posix.basename(file)));
  const topLevel = new Set(files.map((file) => file.split('/')[0] ?? ''));
  const documents = files.filter((file) => file.endsWith('.md'));
  const read = new Map(
    documents.map((file) => [file, readMarkdown(readFileSync(path.join(root, file), 'utf8'))]),
  );

  const isThere = (folder: string, word: string): boolean => {
    const known = word.split('/');
    const placeholder = known.findIndex((segment) => /[<>*]/.test(segment));
    const real = placeholder < 0 ? word : known.slice(0, placeholder).join('/');
    // What is built is checked by what it is built from.
    const source = real.replace(/\/dist\/(.+)\.js$/, '/src/$1.ts');
    return [root, path.join(root, folder)].some((base) => existsSync(path.join(base, source)));
  };

  const isBrokenWord = (folder: string, word: string): boolean => {
    if (!relativePath.test(word)) return false;
    const [first = '', ...rest] = word.split('/');
    if (rest.length === 0) return extensions.test(word) && !names.has(word);
    const namesPath =
      topLevel.has(first) || word.endsWith('/') || extensions.test(word) || isFolder(folder, first);
    return namesPath && !isThere(folder, word);
  };
  const isFolder = (folder: string, name: string): boolean => {
    const place = path.join(root, folder, name);
    return existsSync(place) && statSync(place).isDirectory();
  };

  const isBrokenLink = (file: string, target: string): boolean => {
    if (/^[a-z][a-z+.-]*:/i.test(target)) return false;
    const [to = '', anchor] = target.split('#');
    const linked = to === '' ? file : path.posix.join(path.posix.dirname(file), decodeURI(to));
    if (!existsSync(path.join(root, linked))) return true;
    return anchor !== undefined && read.get(linked)?.anchors.has(anchor) !== true;
  };

  return [...read].flatMap(([file, { links, codeWords, blockWords }]) => {
    const folder = path.posix.dirname(file);
    const words = [
      ...codeWords.map((word) => word.replace(/[:,;]$/, '')),
      ...blockWords.filter((word) => topLevel.has(word.split('/')[0] ?? '') && word.includes('/')),
    ];
    return [
      ...links.filter((target) => isBrokenLink(file, target)),
      ...words.filter((word) => isBrokenWord(folder, word)),
    ].map((what) => `${file}: ${what}`);
  });
}
