import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { redactUrl } from './loggable-url.ts';

const id = '01a20887-fc9b-7ea8-a838-06bfc9de4185';

describe('the target of a request in the log', () => {
  it('shows our own words, what the request is about, and values that parameters can have', () => {
    for (const url of [
      '/',
      '/healthz',
      '/dataset/nasa/jobs',
      `/data/nasa/jobs/${id}`,
      `/data/nasa/jobs/${id}/events`,
      '/dataset/nasa.ttl',
      '/dataset/nasa/jobs?jobType=reset&startTime=2011-05-27T14:30:00%2B02:00',
      '/dataset/nasa/jobs?startTime=2011-05-27T14:30Z',
      '/data/nasa/jobs?status=failed&limit=20',
    ]) {
      assert.equal(redactUrl(url, ['nasa', id]), url);
    }
  });

  it('shows no name that is not known to exist, because a key may look like it', () => {
    for (const [url, shown] of [
      ['/dataset/nasa/jobs', '/dataset/*/jobs'],
      [`/data/nasa/jobs/${id}`, '/data/*/jobs/*'],
      ['/dataset/nasa.ttl', '/dataset/*.ttl'],
      ['/dataset/key.ttl.json', '/dataset/*'],
      ['/my-key', '/*'],
    ] as const) {
      assert.equal(redactUrl(url), shown);
      assert.equal(redactUrl(url, ['mir']), shown);
    }
  });

  const keys = [
    ...['my-own-key', 'SECRET', '1234567890', id, 'deadbeef', 'a%20key', 'reset!', '20111'],
    ...['kasabi_r7YHLGHwD6bOzdlBUVj9yw-f2efezxaMrM4o9b0iQkg', '2011-05-27', 'a.b', 'mine.json'],
  ];
  it('shows a key in no place, whatever it looks like', () => {
    for (const key of keys) {
      for (const url of [
        `/${key}`,
        `/dataset/${key}/jobs`,
        `/dataset/${key}`,
        `/data/nasa/jobs/${key}`,
        `/data/${key}/jobs/${key}/events`,
        `/dataset/nasa/jobs&apikey=${key}`,
        `//${key}`,
        `/ops/jobs/${key}/cancel`,
        `http://owner:${key}@api.example/dataset/nasa/jobs`,
        `http://${key}/dataset/nasa/jobs`,
        `/dataset/nasa/jobs?${key}`,
        `/dataset/nasa/jobs?${key}=1`,
        `/dataset/nasa/jobs??${key}`,
        ...[
          'apikey',
          '%61pikey',
          'APIKEY',
          'jobType',
          'startTime',
          'status',
          'limit',
          'cursor',
        ].flatMap((name) => [
          `/dataset/nasa/jobs?${name}=${key}`,
          `/dataset/nasa/jobs?jobType=reset&${name}=${key}`,
          `/dataset/nasa/jobs?${name}=reset;${key}`,
          `/dataset/nasa/jobs?${name}=2011-05-27T14:30:00Z${key}`,
        ]),
      ]) {
        const shown = redactUrl(url, ['nasa']);
        const bare = key.replace(/\.json$/, '');
        assert.ok(!shown.includes(bare), `${url} shows as ${shown}`);
      }
    }
  });

  it('is short, whatever the request was', () => {
    for (const url of [
      `/${'a'.repeat(10_000)}`,
      '/a'.repeat(5_000),
      `/?${'status=failed&'.repeat(900)}`,
    ]) {
      assert.ok(redactUrl(url).length < 300, url.slice(0, 20));
    }
  });
});
