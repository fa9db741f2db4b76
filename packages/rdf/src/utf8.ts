import { isUtf8 } from 'node:buffer';
import { RdfSyntaxError } from './errors.ts';

const LF = 0x0a;

/**
 * Decodes UTF-8, the encoding of every RDF format. Strictly, because replacement characters would otherwise
 * be loaded silently in place of the original ones.
 *
 * @throws RdfSyntaxError with the line of the first byte that is not UTF-8.
 */
export async function* decodeUtf8(
  bytes: AsyncIterable<Buffer>,
  file: string,
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let lines = 1;
  for await (const chunk of bytes) {
    let text: string;
    try {
      text = decoder.decode(chunk, { stream: true });
    } catch (error) {
      throw invalid(file, lines + linesBeforeInvalid(chunk), error);
    }
    lines += countLines(chunk);
    if (text !== '') yield text;
  }
  try {
    decoder.decode();
  } catch (error) {
    throw invalid(file, lines, error);
  }
}

function invalid(file: string, line: number, cause: unknown): RdfSyntaxError {
  return new RdfSyntaxError(file, line, 'the text is not valid UTF-8', { cause });
}

function countLines(chunk: Buffer): number {
  let lines = 0;
  for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, at + 1)) lines += 1;
  return lines;
}

/** How many lines of a chunk that failed to decode end before its first invalid line. */
function linesBeforeInvalid(chunk: Buffer): number {
  // Up to three bytes may complete a character that began in the previous chunk.
  let start = 0;
  while (start < 3 && ((chunk[start] ?? 0) & 0xc0) === 0x80) start += 1;
  let lines = 0;
  for (let end = chunk.indexOf(LF, start); end !== -1; end = chunk.indexOf(LF, start)) {
    if (!isUtf8(chunk.subarray(start, end))) return lines;
    lines += 1;
    start = end + 1;
  }
  // Every finished line is valid, so the unfinished last line is not; or the invalid character began in the
  // previous chunk, in which case it is in the first line.
  return beginsAsUtf8(chunk.subarray(start)) ? 0 : lines;
}

/** True for valid UTF-8 whose last character may be incomplete. */
function beginsAsUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
