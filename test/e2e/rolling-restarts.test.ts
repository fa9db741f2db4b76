// Two api, two status, four workers and a console behind nginx with the shipped configuration: a restart of all of them,
// one after the other, under load.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createDataset } from '@kasabi/datasets';
import { freePort } from '@kasabi/local';
import { startStack, type TestService, type TestStack, waitFor } from '@kasabi/test/support';
import { ask, form, inMs, jobsUrl, submitForm } from '@kasabi/test/support/client';
import { startNginx } from '@kasabi/test/support/nginx';

const perSecond = 150;
const codes = Array.from({ length: 30 }, (_, at) => `set-${at}`);

/** Half of each kind at a time: so one api, one status and two workers are always there. */
function rounds(services: readonly TestService[]): TestService[][] {
  const half = (service: TestService): number => {
    const alike = services.filter(({ name }) => name === service.name);
    return alike.indexOf(service) < alike.length / 2 ? 0 : 1;
  };
  return [0, 1].map((which) => services.filter((service) => half(service) === which));
}

describe('behind nginx', () => {
  let stack: TestStack;
  before(async () => {
    stack = await startStack({
      behindNginx: true,
      workers: 4,
      operatorPassword: 'correct-horse-battery',
      // It is not about machines that are too slow for the load.
      env: { DRAIN_MS: '1000', MAX_LAG_MS: '60000' },
    });
    for (const code of codes) {
      await createDataset(stack.database.pool(), { code, owner: stack.owner });
    }
  });
  after(() => stack?.stop());

  it('a rolling restart of everything costs no request and no job', async (t) => {
    const accepted: string[] = [];
    const failures: string[] = [];
    let sent = 0;
    let done = false;
    const headers = { X_KASABI_APIKEY: stack.key };

    async function send(n: number): Promise<void> {
      const code = codes[n % codes.length] ?? '';
      const at = accepted.at(-1 - (n % 20));
      if (at === undefined || n % 5 === 0) {
        const body = 'jobType=reset';
        const init = { method: 'POST', headers: { ...headers, 'Content-Type': form }, body };
        const { status, text } = await ask(jobsUrl(stack, code), init);
        if (status === 202) accepted.push(text.trim());
        else failures.push(`${status} ${text}`);
        return;
      }
      const url = n % 5 === 4 ? `${stack.statusUrl}/dataset/${code}/status` : at;
      const wait = n % 5 === 3 ? { Prefer: 'wait=2' } : {};
      const { status, text } = await ask(url, { headers: { ...headers, ...wait } });
      if (status !== 200) failures.push(`${status} ${text}`);
    }

    async function load(): Promise<number> {
      const began = performance.now();
      const underWay = new Set<Promise<void>>();
      while (!done) {
        const due = Math.floor(((performance.now() - began) / 1_000) * perSecond) - sent;
        // On a machine that is too slow for the rate, the load must still see its answers.
        for (let n = Math.min(due, 300 - underWay.size); n > 0; n -= 1) {
          const request = send(sent)
            .catch((error) => void failures.push(String(error.cause ?? error)))
            .finally(() => underWay.delete(request));
          underWay.add(request);
          sent += 1;
        }
        await delay(5);
      }
      await Promise.all(underWay);
      return sent / ((performance.now() - began) / 1_000);
    }

    const loading = load();
    await waitFor(() => accepted.length > 20, { what: 'the load to begin' });
    try {
      for (const round of rounds(stack.services())) {
        await Promise.all(round.map((service) => stack.restart(service)));
      }
    } finally {
      done = true;
    }
    t.diagnostic(`${sent} requests, ${Math.round(await loading)} a second`);
    assert.deepEqual(failures, []);
    assert.ok(sent > 1_000, `${sent} requests`);
    // Several processes answered, and nginx had to turn from one to another.
    const lines = stack.nginx?.log() ?? '';
    assert.ok(/"upstream":"127\.0\.0\.1:\d+, 127/.test(lines), 'a process refused connections');
    assert.equal(lines.includes(stack.key), false, 'no key in the log');
    await waitFor(
      async () => {
        const { rows } = await stack.database
          .pool()
          .query<{ status: string; count: number }>(
            'SELECT status, count(*)::int AS count FROM kasabi.job GROUP BY status',
          );
        return rows.length === 1 && rows[0]?.status === 'completed' && rows[0].count;
      },
      { what: 'all jobs to complete', timeoutMs: 60_000 },
    ).then((count) => assert.equal(count, accepted.length));
    assert.equal((await ask(`${stack.statusUrl}/metrics`)).status, 404);
  });

  it('an event stream is passed on as it comes, and ends in order when its process stops', async () => {
    const job = await submitForm(stack, { jobType: 'reset', startTime: inMs(3_600_000) });
    const stream = await fetch(`${job.text.trim()}/events`, {
      headers: { X_KASABI_APIKEY: stack.key },
    });
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('event: status')) {
      const { value, done = true } = (await reader?.read()) ?? {};
      assert.equal(done, false, text);
      text += value;
    }
    let ended = false;
    const untilEnd = (async () => {
      while ((await reader?.read())?.done === false);
      ended = true;
    })();
    for (const service of stack.services().filter(({ name }) => name === 'status')) {
      if (!ended) await stack.restart(service);
    }
    await untilEnd;
  });

  it('answers by TLS with the same files', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-tls-'));
    const [certificate, key] = [path.join(folder, 'tls.crt'), path.join(folder, 'tls.key')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
        ...['-days', '1', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'],
        ...['-keyout', key, '-out', certificate],
      ],
      { stdio: 'ignore' },
    );
    const ports = { api: await freePort(), status: await freePort(), operations: await freePort() };
    const nginx = await startNginx({
      tls: { certificate, key },
      sites: {
        api: { port: ports.api, behind: [stack.api.port] },
        status: { port: ports.status, behind: [stack.status.port] },
        operations: { port: ports.operations, behind: [await freePort()] },
      },
    });
    try {
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const options = { ca: readFileSync(certificate), host: '127.0.0.1', port: ports.api };
        request({ ...options, path: '/readyz' }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end();
      });
      assert.equal(status, 200);
    } finally {
      await nginx.stop();
      rmSync(folder, { recursive: true });
    }
  });
});
