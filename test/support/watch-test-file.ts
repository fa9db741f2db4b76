// Loaded before each test file: makes a file fail that leaves a handle open or whose test hangs, where
// node:test would wait for ever and not say for what. In the runner's own process it does nothing.
import { after, afterEach, beforeEach } from 'node:test';
import { environment } from './env.ts';

/** Long enough for what ends after the last test: four services, a browser and Prometheus on a busy machine. */
const graceMs = 20_000;
/** LONGEST_TEST_MS for those that settings make longer: outages of minutes. */
const longestTestMs = Number(environment()['LONGEST_TEST_MS'] ?? 120_000);

/** Ends this process, and fails its file, when it still lives after `ms`. Keeps nothing alive itself. */
function watchdog(ms: number, complaint: () => string): NodeJS.Timeout {
  return setTimeout(() => {
    process.stderr.write(`${complaint()}\n`, () => process.exit(1));
  }, ms).unref();
}

if (environment()['NODE_TEST_CONTEXT'] !== undefined) {
  const file = process.argv[1];
  const running = new Map<string, NodeJS.Timeout>();
  beforeEach((context) => {
    const name = 'name' in context ? context.name : 'a test';
    const complain = () => `Still running after ${longestTestMs} ms: "${name}" in ${file}.`;
    running.set(name, watchdog(longestTestMs, complain));
  });
  afterEach((context) => {
    clearTimeout(running.get('name' in context ? context.name : 'a test'));
  });
  // What node:test and the process itself keep open, such as the pipes of its output.
  const own = process.getActiveResourcesInfo().length;
  after(() => {
    watchdog(graceMs, () => {
      const kinds = process.getActiveResourcesInfo().slice(own).join(', ');
      return (
        `Handle leak: ${graceMs} ms after its last test, ${file} is kept alive` +
        `${kinds === '' ? '' : ` by ${kinds}`}. Close what the tests opened.`
      );
    });
  });
}
