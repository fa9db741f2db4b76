import type { Row } from '../support/result.ts';
import { median, show } from '../support/statistics.ts';
import { createSide, type Size, type Step } from './growth-steps.ts';
import type { Part } from './part.ts';

const small: Size = { name: 'small', records: 1_000, datasets: 200 };
const large: Size = { name: 'large', records: 10_000_000, datasets: 20_000 };
/** Calls in one round, of each step on each side. */
const calls = 100;

/** Each step with few and with many records, by the product's own functions. */
export const growth: Part = async (context) => {
  const [few, many] = [await createSide(context, small), await createSide(context, large)];
  const rows: Row[] = [];
  try {
    for (const name of Object.keys(few.steps)) {
      const [onFew, onMany] = [few.steps[name] as Step, many.steps[name] as Step];
      const medians = { few: [] as number[], many: [] as number[] };
      // The first round is the warm-up. Call by call in turns: the disk's moods hit both.
      for (let round = 0; round <= context.rounds; round += 1) {
        const times = { few: [] as number[], many: [] as number[] };
        for (let call = 0; call < calls; call += 1) {
          times.few.push(await time(onFew));
          times.many.push(await time(onMany));
        }
        if (round === 0) continue;
        medians.few.push(median(times.few));
        medians.many.push(median(times.many));
      }
      context.log(`  ${name}: ${show(median(medians.few))} ms, ${show(median(medians.many))} ms`);
      rows.push({
        part: 'growth',
        what: `${name} at 10 million records of 20 thousand datasets`,
        unit: 'ms',
        product: medians.many,
        baseline: { name: 'at 1 thousand of 200', values: medians.few },
        comparison: 'ratio',
        target: { bound: 'at most', value: 1.15 },
      });
    }
    return rows;
  } finally {
    await Promise.all([few.close(), many.close()]);
    await context.servers.redis.flushall();
  }
};

async function time(step: Step): Promise<number> {
  await step.prepare();
  const began = performance.now();
  await step.run();
  return performance.now() - began;
}
