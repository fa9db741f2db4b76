import {
  heartbeatOf,
  keeper,
  operator,
  owner,
  pauser,
  publisher,
  rescuer,
  unlocker,
  worker,
  writer,
} from './actors.ts';
import type { Scenario } from './stage.ts';

const one = { jobs: [{}] };
const lost = { leaseIsLost: true };

/** Two or three sessions each: those that can be in each other's way. */
export const scenarios = {
  'two deliveries of a job': { setup: one, actors: { a: worker(), b: worker() } },
  'two deliveries, the first is rescued': {
    setup: one,
    actors: { a: worker(lost), b: worker(), rescuer: rescuer() },
  },
  // Without the writer nobody has to wait before locking, and none locks but with the claim.
  'two deliveries, the first waits for a writer and is rescued': {
    setup: one,
    actors: { a: worker(lost), b: worker(), rescuer: rescuer(), writer: writer() },
  },
  'two deliveries in one process, the first is rescued': {
    setup: one,
    actors: {
      a: worker({ ...lost, holder: 'process', insteadOfClearing: 'fails' }),
      b: worker({ holder: 'process' }),
      rescuer: rescuer(),
    },
  },
  'a worker shuts down as its job is rescued': {
    setup: one,
    actors: {
      a: worker({ ...lost, insteadOfClearing: 'shuts down' }),
      b: worker(),
      rescuer: rescuer(),
    },
  },
  'a worker retries as its job is rescued': {
    setup: one,
    actors: {
      a: worker({ ...lost, insteadOfClearing: 'retries' }),
      b: worker(),
      rescuer: rescuer(),
    },
  },
  'a worker retries as its job is cancelled': {
    setup: one,
    actors: { a: worker({ insteadOfClearing: 'retries' }), b: worker(), owner: owner() },
  },
  'a job that keeps its lease': { setup: one, actors: { a: worker(), rescuer: rescuer() } },
  'a job that is rescued': { setup: one, actors: { a: worker(lost), rescuer: rescuer() } },
  'a heartbeat and a rescue': {
    setup: one,
    actors: { a: worker(lost), 'a:heartbeat': heartbeatOf('a'), rescuer: rescuer() },
  },
  'a rescue and data that is written': {
    setup: one,
    actors: { a: worker(lost), rescuer: rescuer(), writer: writer() },
  },
  'a last attempt that is lost': {
    setup: one,
    actors: { a: worker(lost), rescuer: rescuer(1), owner: owner() },
  },
  'a dataset that is truncated': {
    setup: one,
    actors: { a: worker({ ...lost, truncates: true }), rescuer: rescuer(), writer: writer() },
  },
  'two deliveries that truncate, the first is rescued': {
    setup: one,
    actors: {
      a: worker({ ...lost, truncates: true }),
      b: worker({ truncates: true }),
      rescuer: rescuer(),
    },
  },
  'a writer with a snapshot': {
    setup: one,
    actors: { a: worker(), writer: writer({ isolation: 'REPEATABLE READ' }) },
  },
  'a writer that forges a fence': {
    setup: one,
    actors: { a: worker(), writer: writer({ forges: true }) },
  },
  'a dataset that is published': { setup: one, actors: { a: worker(), publisher } },
  'a job that is cancelled': {
    setup: one,
    actors: { a: worker(), owner: owner(), operator: operator() },
  },
  'a job that is paused': {
    setup: one,
    actors: { pauser, keeper, a: worker() },
  },
  'two jobs of a dataset': {
    setup: { jobs: [{}, {}] },
    actors: { a: worker(), b: worker({ job: 1 }), owner: owner() },
  },
  'two jobs of a dataset, the first is rescued': {
    setup: { jobs: [{}, {}] },
    actors: { a: worker(lost), b: worker({ job: 1 }), rescuer: rescuer(1) },
  },
  'a job that is not due': {
    setup: { jobs: [{ dueInMinutes: 30 }] },
    actors: { a: worker(), owner: owner() },
  },
  'a lock that was left behind': {
    setup: { jobs: [{}], abandonedLock: true },
    actors: { a: worker(), unlocker, writer: writer() },
  },
  // The publisher holds the dataset for a while, so that the worker has to wait before it locks.
  'a lock that was left behind as its dataset is published': {
    setup: { jobs: [{}], abandonedLock: true },
    actors: { a: worker(), unlocker, publisher },
  },
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof scenarios;
