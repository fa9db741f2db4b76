import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SourceMalformed } from './errors.ts';
import { rowsOfLines } from './restore-rows.ts';

async function rowsOf(text: string, size = Number.MAX_SAFE_INTEGER) {
  const bytes = Buffer.from(text);
  async function* cut(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  let quads = 0;
  const rows: Buffer[] = [];
  for await (const chunk of rowsOfLines(cut(), (count) => {
    quads = count;
  })) {
    rows.push(chunk);
  }
  return { quads, text: Buffer.concat(rows).toString() };
}

const quads = [
  ['<s:s>', '<s:p>', '<s:o>', ''],
  ['_:a.b', '<s:p>', '_:c', '_:g'],
  ['<s:s>', '<s:p>', '" \\" . <g> \\\\"', ''],
  ['<s:s>', '<s:p>', '"\ta\\\\"@en-GB', '<s:g>'],
  ['<s:s>', '<s:p>', '"\\N"^^<s:t>', '_:g'],
  ['<s:s>', '<s:p>', '<<( <s:s> <s:p> "a )>> \\" b" )>>', '<s:g>'],
  ['<s:s>', '<s:p>', '<<( <s:s> <s:p> <<( _:a <s:(b)> <s:c> )>> )>>', ''],
  ['<s:日本>', '<s:p>', '"😀"', ''],
];

for (const size of [1, 7, 1_000]) {
  test(`lines of every form become the columns that they were, cut into pieces of ${size} bytes`, async () => {
    const lines = quads.map((quad) => `${quad.filter((term) => term !== '').join(' ')} .\n`);
    const expected = quads.map((quad) => `${quad.join('\u0002').replaceAll('\\', '\\\\')}\n`);
    assert.deepEqual(await rowsOf(lines.join(''), size), {
      quads: quads.length,
      text: expected.join(''),
    });
  });
}

test('an empty file has no rows', async () => {
  assert.deepEqual(await rowsOf(''), { quads: 0, text: '' });
});

test('a line of another form is refused, with its number', async () => {
  const good = '<s:s> <s:p> <s:o> .\n';
  for (const bad of [
    ...['<s> <p> <o>\n', '<s> <p> <o> .', '<s> <p> <o> <g> x\n', '\n', '<s> <p> <o> . \n', '<s'],
    ...['<s> <p> "o .\n', '<s> <p> "o\\" .\n', '<s> <p> <<( <a> <b> <c> .\n', '# comment\n'],
  ]) {
    await assert.rejects(rowsOf(good + bad), new SourceMalformed(2), bad);
  }
});
