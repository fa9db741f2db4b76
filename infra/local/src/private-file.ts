import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Writes a file atomically that only its owner may read. */
export function writePrivateJson(file: string, content: unknown): void {
  const unfinished = `${file}.${process.pid}.new`;
  writeFileSync(unfinished, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(unfinished, file);
}

/** Reads a JSON file; undefined when it is missing or not valid JSON. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
