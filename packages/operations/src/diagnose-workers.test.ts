import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, found, minute, said, worker } from '../test/findings.ts';
import type { Finding } from './finding.ts';

test('no worker: none ever, none any more; not what follows from it', () => {
  const stuck = {
    oldestDueMs: 10 * minute,
    relay: { backlog: 9, lagMs: minute, lastRoundAgeMs: 1 },
  };
  assert.deepEqual(said(found({ workers: [], ...stuck })), ['no-worker critical']);
  const [finding] = found({ workers: [worker({ silentMs: 5 * minute })], ...stuck });
  assert.deepEqual([finding?.code, finding?.since], ['no-worker', ago(5 * minute)]);
  assert.match(finding?.what ?? '', /the last report came from host:1:abc, 5 min ago/);
});

test('a worker that is silent beside others, until another has taken its place and its jobs', () => {
  const silent = (silentMs: number) =>
    found({
      workers: [worker({ started: ago(600 * minute) }), worker({ holder: 'quiet', silentMs })],
    });
  assert.deepEqual(silent(15_000), []);
  assert.deepEqual(said(silent(25_000)), ['worker-frozen warning']);
  assert.deepEqual(said(silent(61 * minute)), ['worker-frozen warning']);

  const lost = worker({ holder: 'lost', silentMs: 2 * minute });
  const other = worker({ holder: 'other', silentMs: 3 * minute });
  const newcomer = worker({ holder: 'new', host: 'elsewhere', started: ago(minute) });
  assert.deepEqual(found({ workers: [worker(), newcomer, lost] }), []);
  const [held] = found({ workers: [worker(), newcomer, { ...lost, heldJobs: 1 }] });
  assert.deepEqual(held?.subject, { kind: 'worker', id: 'lost' });
  const [one, ...none] = found({ workers: [worker(), newcomer, lost, other] });
  assert.deepEqual([one?.subject?.id, none], ['other', []], 'each stands for one');
  const early = worker({ holder: 'early', started: ago(2.5 * minute) });
  assert.deepEqual(found({ workers: [newcomer, early, lost, other] }), []);
  assert.deepEqual(
    found({ workers: [early, lost, other] }).map(({ subject }) => subject?.id),
    ['lost'],
    'one that started before a worker fell silent does not stand for it',
  );
});

test('Redis away: for all or for one; neither relay nor backlog beside it', () => {
  const away = worker({ redisAnswers: false, sinceRelayMs: 10 * minute });
  const stuck = {
    oldestDueMs: minute,
    relay: { backlog: 3, lagMs: minute, lastRoundAgeMs: minute },
  };
  assert.deepEqual(said(found({ workers: [away], ...stuck }, { redisAnswers: undefined })), [
    'redis-down critical',
  ]);
  assert.deepEqual(said(found({}, { redisAnswers: false })), ['redis-down critical']);
  const [one] = found({ workers: [worker({ redisAnswers: false }), worker({ holder: 'other' })] });
  assert.deepEqual([one?.code, one?.severity], ['redis-down', 'warning']);
});

test('a loss of what Redis held is news for a quarter of an hour', () => {
  const lost = (minutes: number) =>
    found({ workers: [worker({ redisLost: ago(minutes * minute), redisForgotten: 40 })] });
  assert.deepEqual(said(lost(14)), ['redis-wiped warning']);
  assert.match(lost(14)[0]?.what ?? '', /40 jobs/);
  assert.deepEqual(lost(16), []);
  const relay = { backlog: 3, lagMs: 1_000, lastRoundAgeMs: 1_000 };
  const workers = [worker({ redisLost: ago(16 * minute) })];
  assert.deepEqual(said(found({ workers, relay })), ['redis-wiped warning'], 'not handed over yet');
});

test('a relay that has stopped in all workers, or does not keep up', () => {
  const stopped = worker({ sinceRelayMs: minute });
  const relay = { backlog: 0, lagMs: 0, lastRoundAgeMs: minute };
  assert.deepEqual(said(found({ workers: [stopped], relay })), ['relay-stopped warning']);
  assert.deepEqual(said(found({ workers: [stopped], relay: { ...relay, backlog: 3 } })), [
    'relay-stopped critical',
  ]);
  assert.deepEqual(found({ workers: [stopped, worker()], relay }), []);
  assert.deepEqual(found({ workers: [{ ...stopped, relayIntervalMs: 30_000 }], relay }), []);
  assert.deepEqual(said(found({ workers: [worker({ sinceRelayMs: null })] })), [
    'relay-stopped warning',
  ]);
  assert.deepEqual(said(found({ relay: { backlog: 50, lagMs: minute, lastRoundAgeMs: 1_000 } })), [
    'relay-stopped critical',
  ]);
});

test('clocks that are off, whose and which way', () => {
  const [ahead, here] = found(
    { workers: [worker({ clockOffsetMs: 60 * minute })] },
    { clockOffsetMs: -6_000 },
  );
  assert.match(ahead?.what ?? '', /worker host:1:abc is 1 h ahead of/);
  assert.match(here?.what ?? '', /clock of this host is 6\.0 s behind/);
  assert.deepEqual(said([ahead as Finding, here as Finding]), [
    'clock-off warning',
    'clock-off warning',
  ]);
});

test('a store for exports that all workers, or some, cannot write to', () => {
  const storeTrouble = 'The export store /exports cannot be written: no space left on device';
  const [all] = found({ workers: [worker({ storeTrouble })] });
  assert.deepEqual([all?.code, all?.severity], ['export-store-sick', 'warning']);
  assert.match(all?.what ?? '', /^The export store .* device\. Exports wait, .* other jobs run\.$/);
  const [some] = found({ workers: [worker({ storeTrouble, holder: 'one' }), worker()] });
  assert.match(some?.what ?? '', / So say one; 1 other worker can\.$/);
  const silent = worker({ storeTrouble, silentMs: 60_000 });
  assert.ok(!said(found({ workers: [silent, worker()] })).includes('export-store-sick warning'));
});
