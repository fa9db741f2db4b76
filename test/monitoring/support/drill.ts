import assert from 'node:assert/strict';
import type { FindingCode } from '@kasabi/operations';
import { type TestService, waitFor } from '@kasabi/test/support';
import { alerts } from './files.ts';
import { askDoctor, openPage, type Said, type Watched } from './operator.ts';
import { startPrometheus, type TestPrometheus } from './prometheus.ts';
import type { Row } from './table.ts';

/** A system under drill, as an operator sees it. */
export interface Drill {
  readonly prometheus: TestPrometheus;
  /** Waits until page, doctor and Prometheus all say that nothing is wrong. */
  untilWell(): Promise<void>;
  /**
   * Waits until page, doctor and an alert name the fault, and notes what they say.
   *
   * @param how the fault was made.
   */
  untilNamed(code: FindingCode, how: string): Promise<void>;
  /** Waits until an alert fires. */
  untilFires(alert: string): Promise<void>;
  /** Waits until an alert does not fire any more. */
  untilSilent(code: FindingCode): Promise<void>;
  stop(): Promise<void>;
}

/** Longer than any threshold of the findings and the alerts, on a busy machine. */
const patience = { timeoutMs: 100_000, everyMs: 500 };

const alertOf = (code: FindingCode): string =>
  alerts.find(({ labels }) => labels?.['finding'] === code)?.alert ?? assert.fail(code);

/** Begins a drill on services that run; what it finds becomes rows. */
export async function startDrill(
  watched: Watched,
  services: readonly TestService[],
  rows: Row[],
): Promise<Drill> {
  const [prometheus, readPage] = await Promise.all([
    startPrometheus(services),
    openPage(watched.operationsUrl),
  ]);
  const named = (said: readonly Said[], code: string): Said | undefined =>
    said.find((it) => it.code === code);

  async function untilFires(alert: string): Promise<void> {
    await waitFor(async () => (await prometheus.firing()).includes(alert), {
      what: `${alert} to fire`,
      ...patience,
    });
  }

  return {
    prometheus,
    untilFires,
    async untilWell() {
      await waitFor(
        async () => {
          assert.deepEqual(await readPage(), []);
          assert.deepEqual((await prometheus.query('up == 1')).length, services.length);
          assert.deepEqual(await prometheus.alerts(), []);
          return true;
        },
        { what: 'all to be well', ...patience },
      );
      assert.deepEqual(await askDoctor(watched), { code: 0, said: [] });
    },
    async untilNamed(code, how) {
      const alert = alertOf(code);
      assert.ok(!(await prometheus.firing()).includes(alert), `${alert} is silent before`);
      const page = waitFor(async () => named(await readPage(), code), {
        what: `the page to name ${code}`,
        ...patience,
      });
      const doctor = page.then(() =>
        waitFor(async () => named((await askDoctor(watched)).said, code), {
          what: `the doctor to name ${code}`,
          ...patience,
          everyMs: 1_000,
        }),
      );
      const [onPage, byDoctor] = await Promise.all([page, doctor, untilFires(alert)]);
      rows.push({ code, how, page: onPage.what, doctor: byDoctor.what, alert });
    },
    async untilSilent(code) {
      const alert = alertOf(code);
      await waitFor(async () => !(await prometheus.firing()).includes(alert), {
        what: `${alert} to be silent`,
        ...patience,
      });
    },
    stop: prometheus.stop,
  };
}
