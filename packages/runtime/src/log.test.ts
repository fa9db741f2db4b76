import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { loggableError } from './log.ts';

describe('loggableError', () => {
  it('has the message, the stack, the causes and the code, and nothing else that is attached to the error', () => {
    const cause = Object.assign(new Error('WRONGPASS'), {
      command: { name: 'auth', args: ['SECRET'] },
    });
    const error = Object.assign(new TypeError('no Redis', { cause }), {
      code: 'ECONNREFUSED',
      detail: 'SECRET',
      rawPacket: Buffer.from('SECRET'),
    });
    const logged = loggableError(new AggregateError([error], 'both failed'));
    const text = JSON.stringify(logged);
    for (const part of [
      'both failed',
      'TypeError',
      'no Redis',
      'WRONGPASS',
      'ECONNREFUSED',
      'log.test.ts',
    ]) {
      assert.ok(text.includes(part), part);
    }
    assert.ok(!text.includes('SECRET'));
  });

  it('accepts values that are not errors', () => {
    assert.equal(loggableError('a text'), 'a text');
    assert.equal(loggableError({ apikey: 'SECRET' }), 'object');
    assert.equal(loggableError(undefined), 'undefined');
  });
});

describe('createLogger', () => {
  it('shows no issued key, wherever it is on the line', async () => {
    const key = `kasabi_${'r7YHLGHw-_'.repeat(4)}abc`;
    const program = `
      const { createLogger } = await import(${JSON.stringify(import.meta.resolve('./log.ts'))});
      const log = createLogger({ service: 'test', level: 'info' });
      log.info({ req: { headers: { x_kasabi_apikey: '${key}' } } }, 'kasabi_status: ${key}!');`;
    const flags = ['--conditions=kasabi-source', '--input-type=module', '-e'];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, program]);
    const line = JSON.parse(stdout);
    assert.deepEqual(line.req, { headers: { x_kasabi_apikey: '[redacted]' } });
    assert.equal(line.msg, 'kasabi_status: [redacted]!');
  });
});
