import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { loggableError, redactUrl } from './log.ts';

describe('redactUrl', () => {
  it('keeps what is harmless', () => {
    for (const url of [
      '/',
      '/dataset/nasa/jobs',
      '/data/nasa/jobs/01a20887-fc9b-7ea8-a838-06bfc9de4185',
      '/dataset/nasa/jobs?jobType=reset&startTime=2011-05-27T14:30:00%2B02:00',
    ]) {
      assert.equal(redactUrl(url), url);
    }
  });

  it('shows the value of no other parameter, however it is written', () => {
    for (const pair of [
      'apikey=SECRET',
      'apikey=',
      '%61pikey=SECRET',
      '%2561pikey=SECRET',
      'APIKEY=SECRET',
      '+apikey=SECRET',
      'api_key=SECRET',
      'apikey=a;SECRET',
      'apikey=a#SECRET',
      'apikey=a=SECRET',
      'apikey=?SECRET',
      'apikey=a?apikey=SECRET',
      'X_KASABI_APIKEY=SECRET',
      'jobType%3Dreset%26apikey=SECRET',
      'job;apikey=SECRET',
      `${'x'.repeat(30)}=SECRET`,
    ]) {
      for (const query of [pair, `jobType=reset&${pair}`, `${pair}&jobType=reset`]) {
        const shown = redactUrl(`/dataset/nasa/jobs?${query}`);
        assert.doesNotMatch(shown, /SECRET/);
        assert.match(shown, /=\[redacted\]/);
      }
    }
  });

  it('shows no key in a place where none belongs', () => {
    const key = 'kasabi_r7YHLGHwD6bOzdlBUVj9yw-f2efezxaMrM4o9b0iQkg';
    for (const url of [
      `/dataset/nasa/jobs?${key}`,
      `/dataset/nasa/jobs/${key}`,
      `/dataset/nasa/jobs?jobType=${key}`,
      `/dataset/nasa/jobs&apikey=${key}`,
      `/dataset/nasa/jobs&apikey=${key.slice(7)}`,
      `/dataset/nasa/jobs?${key.slice(7)}`,
      `http://owner:${key.slice(7)}@api.example/dataset/nasa/jobs`,
    ]) {
      assert.doesNotMatch(redactUrl(url), /r7YHLGHw/, url);
    }
  });

  it('takes the authority off an absolute target, and cuts a long one', () => {
    assert.equal(
      redactUrl('http://api.example:80/dataset/nasa?jobType=reset'),
      '/dataset/nasa?jobType=reset',
    );
    assert.equal(redactUrl(`/${'a'.repeat(10_000)}`).length, 501);
  });
});

describe('loggableError', () => {
  it('has the message, the stack, the causes and the code, and nothing that hangs on the error', () => {
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

  it('takes what is no error', () => {
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
    const flags = ['--import', 'tsx', '--conditions=kasabi-source', '--input-type=module', '-e'];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, program]);
    const line = JSON.parse(stdout);
    assert.deepEqual(line.req, { headers: { x_kasabi_apikey: '[redacted]' } });
    assert.equal(line.msg, 'kasabi_status: [redacted]!');
  });
});
