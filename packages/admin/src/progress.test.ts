import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { WriteStream } from 'node:tty';
import { showProgress } from './progress.ts';

function stream(isTTY: boolean): { out: WriteStream; written(): string } {
  const out = Object.assign(new PassThrough(), { isTTY, columns: 120 });
  return { out: out as unknown as WriteStream, written: () => String(out.read() ?? '') };
}

test('on a terminal the bar shows how much, how fast and how long', () => {
  const { out, written } = stream(true);
  const progress = showProgress(out);
  progress.update({ bytesRead: 25, bytesTotal: 100, quads: 12_345 });
  progress.stop();
  progress.stop();
  const text = written();
  assert.match(text, /25%/);
  assert.match(text, /12,345 quads/);
  assert.match(text, /[\d,]+ quads\/s/);
  assert.match(text, / left/);
});

test('elsewhere nothing is written', () => {
  const { out, written } = stream(false);
  const progress = showProgress(out);
  progress.update({ bytesRead: 25, bytesTotal: 100, quads: 1 });
  progress.stop();
  assert.equal(written(), '');
});
