import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Atomically writes a file that only its owner may read. */
export function writePrivateJson(file: string, content: unknown): void {
  const unfinished = `${file}.${process.pid}.new`;
  writeFileSync(unfinished, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(unfinished, file);
}

/** Reads a JSON file; undefined if it does not exist or is not valid JSON. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
