// The same of a folder and of two S3-compatible servers.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { places, type TestPlace } from '../test/stores.ts';
import { openStore } from './open.ts';
import { type ExportStore, ObjectMissing, type StoredObject, StoreUnavailable } from './store.ts';
import { writeObject } from './write.ts';

const never = new AbortController().signal;
const name = (jobId: string): string => `${jobId}.${randomBytes(8).toString('hex')}.nq`;

/** Incompressible bytes, a megabyte at a time. */
async function* megabytes(count: number, onEach = (_: number): void => {}) {
  for (let made = 0; made < count; made += 1) {
    onEach(made);
    yield randomBytes(1024 ** 2);
  }
}

async function listed(store: ExportStore, jobId: string): Promise<StoredObject[]> {
  const found: StoredObject[] = [];
  for await (const stored of store.list()) if (stored.jobId === jobId) found.push(stored);
  return found;
}

for (const [kind, start] of Object.entries(places)) {
  describe(`a store: ${kind}`, () => {
    let place: TestPlace;
    let store: ExportStore;
    before(async () => {
      place = await start();
      store = await openStore(place.url);
    });
    after(async () => {
      store?.close();
      await place?.close();
    });

    it('has nothing before the first write, and can be written', async () => {
      assert.deepEqual(await listed(store, randomUUID()), []);
      await store.check();
      for await (const stored of store.list()) assert.fail(stored.object);
    });

    it('gives back what was written, small, empty and of several parts, whole and in part', async () => {
      for (const [size, count] of [
        [0, 0],
        [1024 ** 2, 1],
        [40 * 1024 ** 2, 40],
      ] as const) {
        const jobId = randomUUID();
        const chunks: Buffer[] = [];
        async function* kept() {
          for await (const chunk of megabytes(count)) {
            chunks.push(chunk);
            yield chunk;
          }
        }
        const object = name(jobId);
        await store.write(object, kept(), never);
        const written = Buffer.concat(chunks);
        assert.equal(written.length, size);
        assert.deepEqual(await listed(store, jobId), [{ jobId, object }]);
        if (size > 0) {
          const whole = await buffer(await store.read(object, { start: 0, end: size - 1 }));
          assert.ok(whole.equals(written));
          const part = await buffer(await store.read(object, { start: 1_000, end: 1_999 }));
          assert.ok(part.equals(written.subarray(1_000, 2_000)));
        }
        await store.remove({ jobId, object });
        assert.deepEqual(await listed(store, jobId), []);
        await store.remove({ jobId, object });
        await assert.rejects(store.read(object, { start: 0, end: 0 }), ObjectMissing);
      }
    });

    it('shows nothing of a write whose source fails or that is aborted, at any point', async () => {
      for (const count of [1, 40]) {
        for (const at of [0, count - 1]) {
          const jobId = randomUUID();
          const fault = new Error('the source has failed');
          const failing = megabytes(count, (made) => {
            if (made === at) throw fault;
          });
          await assert.rejects(store.write(name(jobId), failing, never), fault);
          const abort = new AbortController();
          const aborted = megabytes(count, (made) => {
            if (made === at) abort.abort(fault);
          });
          await assert.rejects(store.write(name(jobId), aborted, abort.signal), fault);
          assert.deepEqual(await listed(store, jobId), []);
        }
      }
    });

    it('has compressed lines with the digest and size of what is in it', async () => {
      const jobId = randomUUID();
      async function* lines() {
        for (let at = 0; at < 1_000; at += 1)
          yield Buffer.from(`<s:${at}> <p:p> <o:o> .\n`.repeat(100));
      }
      const request = { jobId, format: 'nq.gz', signal: never, onBytes: () => undefined } as const;
      const { object, bytes } = await writeObject(store, { ...request, lines: lines() });
      const content = await buffer(await store.read(object, { start: 0, end: bytes - 1 }));
      assert.equal(content.length, bytes);
      assert.equal(gunzipSync(content).toString().split('\n').length, 100_001);
    });

    if (kind !== 'folder') {
      it('signs addresses that anybody can load the file from, and names it there', async () => {
        const object = name(randomUUID());
        await store.write(object, megabytes(1), never);
        const address = await store.sign?.(object, {
          contentType: 'application/n-quads',
          contentDisposition: 'attachment; filename="nasa.nq"',
        });
        const response = await fetch(address ?? '', { headers: { Range: 'bytes=0-99' } });
        assert.equal(response.status, 206);
        assert.equal((await response.arrayBuffer()).byteLength, 100);
        if (kind !== 's3rver') return;
        assert.equal(response.headers.get('content-disposition'), 'attachment; filename="nasa.nq"');
        // Signed an hour ago. The server does not check signatures of version 4, but when they expire.
        const expired = new URL(address ?? '');
        const signed = new Date(Date.now() - 3_600_000).toISOString().replaceAll(/[-:]|\.\d+/g, '');
        expired.searchParams.set('X-Amz-Date', signed);
        assert.equal((await fetch(expired)).status, 403);
      });
    }

    if (kind === 'folder') return;
    it('that has gone is named as such', async () => {
      await place.close();
      const object = name(randomUUID());
      await assert.rejects(store.check(), StoreUnavailable);
      await assert.rejects(store.write(object, megabytes(40), never), StoreUnavailable);
      await assert.rejects(store.read(object, { start: 0, end: 0 }), StoreUnavailable);
      await assert.rejects(listed(store, randomUUID()), StoreUnavailable);
      place = await start();
    });
  });
}
