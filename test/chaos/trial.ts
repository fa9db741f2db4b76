import { setTimeout as sleep } from 'node:timers/promises';
import { issueKey } from '@kasabi/accounts';
import { createDataset } from '@kasabi/datasets';
import { watchTable } from './audit.ts';
import { writeAudit } from './audit-history.ts';
import { checkStatusService } from './check-status.ts';
import { check } from './checks.ts';
import { readEvidence } from './evidence.ts';
import { createGhost, type Ghost } from './ghost.ts';
import { History } from './history.ts';
import type { Inflicted } from './inflict.ts';
import type { Violation } from './invariants.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { isQuiet } from './quiet.ts';
import type { PlannedDataset, TrialPlan } from './schedule.ts';
import { type Submission, submit } from './submissions.ts';
import type { World } from './world.ts';
import { createWriter, type Writer } from './writer.ts';

/** Everything must have ended, healed and calmed down by then, in milliseconds after the last fault. */
const quietWithinMs = 60_000;

export interface TrialResult {
  readonly plan: TrialPlan;
  readonly violations: readonly Violation[];
  readonly outcomes: readonly Outcome[];
  /** What happened, in the order of time. */
  readonly history: string;
  /** Faults that no job came by for. */
  readonly missed: number;
  readonly durationMs: number;
}

interface Subject {
  readonly id: number;
  readonly code: string;
  readonly planned: PlannedDataset;
  readonly writer: Writer;
  readonly ghost: Ghost;
}

/** Runs one trial on fresh datasets and a fresh key, beside others, and checks what came of it. */
export async function runTrial(world: World, owner: string, plan: TrialPlan): Promise<TrialResult> {
  const { stack, driver, arms } = world;
  const history = new History();
  const begun = performance.now();
  const { key, subjects } = await prepare(world, owner, plan, history);
  const codes = subjects.map((it) => it.code);
  const healing: Promise<void>[] = [];

  /** A frozen worker is thawed when the rest of the world has moved on. */
  const overtaken = (subject: Subject) => async (): Promise<void> => {
    await driver.waitUntil(() => isQuiet(stack.admin, [subject.id], { running: true }), 8_000);
    await subject.writer.write();
  };
  const follow = (inflicted: Inflicted | undefined, where: string): boolean => {
    if (inflicted === undefined) return false;
    const { kind, target } = inflicted.fault;
    history.note(`FAULT ${kind} of ${target} ${where}`);
    healing.push(inflicted.healed.then(() => history.note(`${kind} of ${target} is over`)));
    return true;
  };
  for (const subject of subjects) {
    arms.arm(subject.code, subject.planned.faults, async (reached, fault) => {
      const service = stack.services.find((it) => it.name === reached.service);
      if (service === undefined || service.pid !== reached.pid) return false;
      const inflicted = world.inflict(fault, {
        ...{ trial: plan.trial, service, point: reached.point, dataset: subject.code },
        overtaken: overtaken(subject),
      });
      const followed = follow(inflicted, `at ${reached.point} of job ${reached.jobId}`);
      await inflicted?.goOn;
      return followed;
    });
    subject.writer.start();
    subject.ghost.start();
  }

  const begin = Date.now();
  const timed = plan.timed.map(async ({ atMs, service: number, ...fault }) => {
    await sleep(atMs);
    const service = stack.services[number];
    const [first] = subjects;
    if (service === undefined || first === undefined) return;
    const occasion = {
      trial: plan.trial,
      service,
      dataset: first.code,
      overtaken: overtaken(first),
    };
    follow(world.inflict(fault, occasion), '');
  });
  if (plan.strayDelivery) void deliverStray(world);
  const submissions = new Map<string, Submission[]>();
  await Promise.all([
    ...timed,
    ...subjects.map(async ({ code, planned }) => {
      const options = { stack, key, dataset: code, begin, history };
      const answers = await Promise.all(planned.jobs.map((job) => submit(job, options)));
      submissions.set(
        code,
        answers.filter((it) => it !== undefined),
      );
    }),
  ]);

  // Faults may still strike, and faults make faults possible: a second attempt comes by the points, too.
  const ids = subjects.map((it) => it.id);
  const quiet = await driver.waitUntil(async () => {
    const settled = await Promise.race([Promise.all(healing), sleep(0, 'pending')]);
    if (settled === 'pending' || codes.some((code) => world.underWay(code) > 0)) return false;
    return await isQuiet(stack.admin, ids, { running: false });
  }, quietWithinMs);
  if (!quiet) history.note(`not quiet after ${quietWithinMs} ms`);
  const missed = codes.reduce((sum, code) => sum + arms.disarm(code), 0);

  await Promise.all(subjects.flatMap(({ writer, ghost }) => [writer.stop(), ghost.stop()]));
  const violations: Violation[] = [];
  for (const { code, writer } of subjects) {
    const open = await driver.waitUntil(
      async () => (await writer.write()).outcome === 'committed',
      quiet ? 5_000 : 0,
    );
    if (!open) violations.push({ invariant: 'unlocked', detail: `${code} takes no writes` });
  }
  for (const { kind, target, error } of world.faults.filter((it) => it.trial === plan.trial)) {
    if (error === undefined) continue;
    violations.push({ invariant: 'recovers', detail: `after ${kind} of ${target}: ${error}` });
  }
  // Whichever trial looks first: the history of what led to it is in all that were under way.
  for (const detail of world.crashes()) violations.push({ invariant: 'lives', detail });
  const outcomes: Outcome[] = [];
  for (const { id, code, writer } of subjects) {
    const found = {
      dataset: code,
      evidence: await retried(() => readEvidence(stack.admin, id)),
      submissions: submissions.get(code) ?? [],
      writes: writer.writes,
      faults: world.faults,
    };
    outcomes.push(outcomeOf(found));
    violations.push(...check(found));
    violations.push(...(await checkStatusService(stack, key, found)));
    writeAudit(history, found);
  }
  return {
    ...{ plan, violations, outcomes, missed },
    history: history.render(),
    durationMs: performance.now() - begun,
  };
}

/** Postgres may be away at any moment, on behalf of another trial. */
async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let left = 100; ; left -= 1) {
    try {
      return await work();
    } catch (error) {
      if (left === 0) throw error;
      await sleep(100);
    }
  }
}

async function prepare(world: World, owner: string, plan: TrialPlan, history: History) {
  const { admin, writers } = world.stack;
  const { secret: key } = await retried(() => issueKey(admin, owner));
  const subjects: Subject[] = [];
  for (const [index, planned] of plan.datasets.entries()) {
    let again = 0;
    const subject = await retried(async () => {
      again += 1;
      // A new name for each try: the one before may have been committed without an answer.
      const code = `t${plan.trial}-${'abc'[index]}${again === 1 ? '' : again}`;
      const { id } = await createDataset(admin, { code, owner });
      await watchTable(admin, id);
      return {
        id,
        code,
        planned,
        writer: createWriter(writers, { id, code }, planned.writes, history),
        ghost: createGhost(writers, id, planned.ghost),
      };
    });
    subjects.push(subject);
  }
  return { key, subjects };
}

async function deliverStray({ stack }: World): Promise<void> {
  const now = Date.now();
  const jobId = '01900000-0000-7000-8000-000000000000';
  await stack.producer.enqueue([{ jobId, attempt: 0, due: now }]).catch(() => undefined);
}
