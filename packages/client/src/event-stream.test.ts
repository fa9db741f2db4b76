import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createEventParser, type ServerEvent } from './event-stream.ts';

function parse(...pieces: string[]): ServerEvent[] {
  const parser = createEventParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

describe('createEventParser', () => {
  const stream = ': hello\n\nid: 1\nevent: status\ndata: {"a":\ndata: 1}\n\n:\ndata:two\n\n';
  const events = [
    { type: 'status', data: '{"a":\n1}', id: '1' },
    { type: 'message', data: 'two', id: '1' },
  ];

  it('reads the same from LF, CRLF and CR, wherever the stream is cut', () => {
    for (const lineEnd of ['\n', '\r\n', '\r']) {
      const text = stream.replaceAll('\n', lineEnd);
      for (let cut = 0; cut <= text.length; cut += 1) {
        // Another comment, because of the CR at the end.
        assert.deepEqual(parse(text.slice(0, cut), text.slice(cut), ':\n'), events, `cut ${cut}`);
      }
      assert.deepEqual(parse(...text, ':\n'), events);
    }
  });

  it('gives an event as soon as its blank line has arrived', () => {
    const parser = createEventParser();
    assert.deepEqual(parser.push('data: 1\n'), []);
    assert.deepEqual(parser.push('\n'), [{ type: 'message', data: '1', id: undefined }]);
  });

  it('drops an event that was not completed, has no data, or an unknown field', () => {
    assert.deepEqual(parse('data: half'), []);
    assert.deepEqual(parse('event: status\nid: 7\n\ndata\n\n'), [
      { type: 'message', data: '', id: '7' },
    ]);
    assert.deepEqual(parse('dat: 1\nDATA: 2\n data: 3\n\n'), []);
  });

  it('removes one space, and accepts only ids without NUL', () => {
    assert.deepEqual(parse('data:  x\nid: a\0b\n\n'), [
      { type: 'message', data: ' x', id: undefined },
    ]);
  });

  it('reads how long to wait before reconnecting', () => {
    const parser = createEventParser();
    parser.push('retry: 1500\nretry: soon\nretry: -1\n\n');
    assert.equal(parser.retryMs, 1_500);
  });
});
