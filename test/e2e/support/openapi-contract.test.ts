import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type JobFacts, jobDocumentOf } from '@kasabi/protocol';
import { createOpenApiDocument } from '@kasabi/routes';
import type { Answer } from '@kasabi/test/support/client';
import { createContract } from './openapi-contract.ts';

const job: JobFacts = {
  dataset: 'nasa',
  id: '01a20884-0fde-7de2-a5a9-9bbb6dc070ee',
  type: 'reset',
  ...{ progress: null, result: null },
  status: 'completed',
  created: new Date(0),
  startTime: new Date(0),
  endTime: new Date(0),
  attempt: 1,
  message: null,
  reason: null,
};

describe('the check of an answer', () => {
  it('notices what the document does not say', () => {
    const urls = { apiUrl: 'http://api.example', statusUrl: 'http://data.example' };
    const contract = createContract(createOpenApiDocument(urls));
    const place = contract.placeOf('GET', '/data/nasa/jobs/01a20884-0fde-7de2-a5a9-9bbb6dc070ee');
    const document = jobDocumentOf(job, {
      successStatus: 'completed',
      statusUrl: 'https://data.example.org',
    });
    const good = {
      status: 200,
      headers: new Headers({
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': 'private, no-cache',
        ETag: '"tag"',
        Vary: 'Prefer',
        'X-Request-Id': 'trace-0001',
      }),
      text: JSON.stringify(document),
    };
    contract.check(place, good);
    const changed = (change: (headers: Headers) => void): Headers => {
      const copy = new Headers(good.headers);
      change(copy);
      return copy;
    };
    const { attempt: _attempt, ...withoutAttempt } = document;
    const bad: readonly (readonly [RegExp, Partial<Answer>])[] = [
      [/has no ETag/, { headers: changed((it) => it.delete('ETag')) }],
      [/etag: data must match pattern/, { headers: changed((it) => it.set('ETag', 'bare')) }],
      [/has location.*not documented/, { headers: changed((it) => it.set('Location', 'x')) }],
      [/is text\/html/, { headers: changed((it) => it.set('Content-Type', 'text/html')) }],
      [/must NOT have additional/, { text: JSON.stringify({ ...document, percent: 50 }) }],
      [/must have required property 'attempt'/, { text: JSON.stringify(withoutAttempt) }],
      [/must be equal to one of/, { text: JSON.stringify({ ...document, status: 'done' }) }],
      [/is 418, not documented/, { status: 418 }],
    ];
    for (const [what, change] of bad) {
      assert.throws(() => contract.check(place, { ...good, ...change }), what);
    }
    assert.throws(() => contract.placeOf('PATCH', '/data/nasa/jobs'), /not documented/);
  });
});
