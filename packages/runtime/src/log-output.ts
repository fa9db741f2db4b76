import { fstatSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** Lines are written when they have this many bytes, or after this many milliseconds. */
const flushAtBytes = 8_192;
const flushEveryMs = 50;

/** This many bytes are kept for a slow reader; further lines are lost. */
const keptBytes = 4 * 1_024 * 1_024;

/** How long the process may wait for a slow reader when it ends, in milliseconds. */
const lastFlushMs = 250;

/** The reader is gone, or the file cannot be written at all. None of these end by themselves. */
const goneForGood: ReadonlySet<string> = new Set([
  'EPIPE',
  'ECONNRESET',
  'ENOTCONN',
  'EBADF',
  'EINVAL',
]);

/** The reader has to read first. */
const notNow: ReadonlySet<string> = new Set(['EAGAIN', 'EBUSY', 'EINTR', 'ENOBUFS']);

const newline = 0x0a;

/**
 * Writes lines to a file descriptor, many at a time, and never keeps the process from working or from ending: not
 * when the reader of a pipe has gone, not when it does not read, not when the disk is full. Lines that cannot be
 * written are lost, and the next one that can be says how many were.
 *
 * @param lostLine makes that line.
 */
export function createLogOutput(fd: number, lostLine: (lines: number) => string) {
  let lines: string[] = [];
  let bytes = 0;
  let lost = 0;
  /** What remains after a partial write. */
  let rest: Buffer = Buffer.alloc(0);
  let gone = false;
  /** Whether the last write ended in the middle of a line. */
  let torn = false;
  let timer: NodeJS.Timeout | undefined;
  endBlocking(fd);

  /** Writes as much as possible; false if the reader has to read first. */
  function flush(): boolean {
    while (!gone && (rest.length > 0 || lines.length > 0 || lost > 0)) {
      if (rest.length === 0) {
        const text = `${torn ? '\n' : ''}${lost > 0 ? lostLine(lost) : ''}${lines.join('')}`;
        torn = false;
        lost = 0;
        lines = [];
        bytes = 0;
        rest = Buffer.from(text);
      }
      try {
        const written = writeSync(fd, rest);
        torn = rest[written - 1] !== newline;
        rest = rest.subarray(written);
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException;
        if (notNow.has(code)) return false;
        gone = goneForGood.has(code);
        // The disk may be full, for example. That may end, and these lines are not worth more than later ones.
        lost += linesIn(rest) + lines.length;
        rest = Buffer.alloc(0);
        lines = [];
        bytes = 0;
        return true;
      }
    }
    return true;
  }

  function flushLater(): void {
    if (timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      if (!flush()) flushLater();
    }, flushEveryMs).unref();
  }

  return {
    write(line: string): void {
      if (gone) return;
      if (bytes + rest.length > keptBytes) {
        lost += 1;
        return;
      }
      lines.push(line);
      bytes += line.length;
      if (bytes >= flushAtBytes && rest.length === 0) flush();
      flushLater();
    },
    /** Writes what is left, as far as the short wait at the end of a process allows. */
    flushSync(): void {
      const deadline = performance.now() + lastFlushMs;
      const pause = new Int32Array(new SharedArrayBuffer(4));
      while (!flush() && performance.now() < deadline) Atomics.wait(pause, 0, 0, 5);
    },
  };
}

const linesIn = (text: Buffer): number =>
  text.reduce((sum, byte) => sum + (byte === newline ? 1 : 0), 0);

/**
 * A blocking pipe or socket would stop the whole process while nobody reads it. Node.js makes those that it opens
 * non-blocking. This one is opened only for that; nothing is written through it.
 */
function endBlocking(fd: number): void {
  const stat = fstatSync(fd);
  if (!stat.isFIFO() && !stat.isSocket()) return;
  const socket = new Socket({ fd, readable: false, writable: true });
  socket.on('error', () => undefined);
  socket.unref();
}
