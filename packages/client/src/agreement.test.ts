// What the client knows about the API, compared with the package that defines it, on which it does not depend.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { datasetCodePattern } from '@kasabi/domain';
import * as protocol from '@kasabi/protocol';
import { cancelled } from '../test/peer.ts';
import { createAddresses } from './addresses.ts';
import { type JobDocument, type JobStatus, readJobDocument } from './documents.ts';
import { RequestRefused } from './errors.ts';
import { isTransient } from './retry.ts';

// Checked by the compiler: every document of the service is also one of the client's, if its status is.
type Served = Omit<protocol.JobDocument, 'status'> & { readonly status: JobStatus };
const asClientDocument = (document: Served): JobDocument => document;

const progress = { quads: 1, bytes: 2, ofQuads: null, ofBytes: null };
const result = {
  object: 'an-object',
  format: 'nq.gz',
  ...{ quads: 1, bytes: 2, sha256: 'a'.repeat(64) },
  ...{ snapshotTime: '2011-05-27T14:30:00.5Z', expires: '2011-06-03T14:30:00Z' },
} as const;

describe('the client and the protocol agree', () => {
  it('on job documents', () => {
    const moment = new Date('2011-05-27T14:30:00Z');
    for (const recorded of [...protocol.jobStatuses, 'cancelled'] as const) {
      const status = recorded === 'cancelled' ? 'failed' : recorded;
      for (const successStatus of protocol.successStatuses) {
        const document = protocol.jobDocumentOf(
          {
            id: '01a20884-0fde-7de2-a5a9-9bbb6dc070ee',
            dataset: 'nasa',
            type: 'reset',
            status: recorded,
            created: moment,
            startTime: moment,
            endTime: status === 'completed' ? moment : null,
            attempt: 0,
            message: null,
            reason: recorded === 'failed' ? 'busy' : null,
            progress: recorded === 'running' ? progress : null,
            result: recorded === 'completed' ? result : null,
          },
          { successStatus, statusUrl: 'https://data.example.org' },
        );
        const expected = asClientDocument({ ...document, status });
        assert.deepEqual(readJobDocument(JSON.stringify(document)), expected);
      }
    }
  });

  it('on why a job failed, whatever the service says of it', () => {
    const document = (reason: unknown): unknown => ({ ...cancelled(), reason });
    for (const reason of protocol.failureReasons) {
      assert.equal(readJobDocument(JSON.stringify(document(reason))).reason, reason);
    }
    assert.equal(readJobDocument(JSON.stringify(document('a word of next year'))).reason, 'error');
    assert.equal(readJobDocument(JSON.stringify(document(null))).reason, null);
    assert.equal(readJobDocument(JSON.stringify(document(undefined))).reason, null);
  });

  it('on short codes', () => {
    const base = new URL('http://a.test');
    const addresses = createAddresses({ apiUrl: base, statusUrl: base });
    const letters = ['', 'a', 'A', '0', '-', '.', '/', 'a-', '-a', 'a.b', 'a\n', 'é', 'a_b'];
    for (const code of [...letters, 'x'.repeat(63), 'x'.repeat(64)]) {
      const allowed = datasetCodePattern.test(code);
      if (allowed) assert.ok(addresses.submit(code));
      else assert.throws(() => addresses.submit(code), { code: 'invalid-argument' });
    }
  });

  it('on the errors after which a request is worth repeating', () => {
    const codes = Object.keys(protocol.errorCatalog) as protocol.ErrorCode[];
    const repeated = codes.filter((code) => {
      const { status, title } = protocol.errorCatalog[code];
      const [detail, instance, retryAfterMs] = [undefined, undefined, undefined];
      const refusal = { status, code, title, detail, instance, retryAfterMs };
      return isTransient(new RequestRefused(title, refusal));
    });
    assert.deepEqual(
      new Set(repeated),
      new Set(['idempotency-in-flight', 'too-many-requests', 'unavailable']),
    );
  });
});
