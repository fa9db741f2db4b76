import { randomUUID } from 'node:crypto';
import { freePort, serviceSettings } from '@kasabi/local';
import { cursorAfter } from '@kasabi/protocol';
import { exampleValues, type OpenApiDocument } from '@kasabi/routes';
import {
  startService,
  startStack,
  type TestService,
  type TestStack,
  waitFor,
} from '@kasabi/test/support';
import { type Answer, ask, inMs, submitForm, untilEnded } from '@kasabi/test/support/client';
import { type Contract, createContract, type Place } from './openapi-contract.ts';
import type { PlannedRequest } from './openapi-requests.ts';

/** An answer, and the operation that it is to. */
export type CheckedAnswer = Answer & { readonly place: Place };

/** Real services with their own description, and more of them that refuse. */
export interface DocumentedWorld {
  readonly stack: TestStack;
  readonly document: OpenApiDocument;
  readonly contract: Contract;
  /** The id of a job that has ended. */
  readonly ended: string;
  /** The id of an export that can be downloaded. */
  readonly exported: string;
  /** The id of one whose file has expired. */
  readonly expired: string;
  /** An api that allows two requests a minute and one open job, and a status service in front of it. */
  readonly strict: Readonly<Record<'api' | 'status', TestService>>;
  /** Services that have answered as many requests as they may. */
  readonly spent: Readonly<Record<'api' | 'status', TestService>>;
  /** Services without a database, and without an api to cancel at. */
  readonly away: Readonly<Record<'api' | 'status', TestService>>;
  /** Makes a job that stays scheduled. */
  scheduled(): Promise<string>;
  /** The request with what is there in the place of what the examples are about. */
  realised(request: PlannedRequest, job: string): Promise<PlannedRequest>;
  /** Sends a request to the host of its operation, or another service, and checks the answer. */
  send(
    request: PlannedRequest,
    to?: Readonly<Record<'api' | 'status', TestService>>,
  ): Promise<CheckedAnswer>;
  stop(): Promise<void>;
}

export async function startDocumentedWorld(): Promise<DocumentedWorld> {
  const stack = await startStack({ dataset: exampleValues.dataset });
  const started: TestService[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((service) => service.stop()));
    await stack.stop();
  };
  const start = async (name: 'api' | 'status', env: NodeJS.ProcessEnv, readyWithinMs = 30_000) => {
    const settings = serviceSettings(name, await freePort(), {
      databaseUrl: stack.database.url,
      redisUrl: stack.redis.url,
      apiPublicUrl: stack.apiUrl,
      statusPublicUrl: stack.statusUrl,
    });
    const service = await startService(name, { ...settings, ...env }, { readyWithinMs });
    started.push(service);
    return service;
  };
  try {
    const limits = { RATE_LIMIT_PER_MINUTE: '2', MAX_OPEN_JOBS_PER_DATASET: '1' };
    const strictApi = await start('api', limits);
    const strict = {
      api: strictApi,
      status: await start('status', { API_INTERNAL_URL: strictApi.url }),
    };
    const spent = { api: strictApi, status: await start('status', { RATE_LIMIT_PER_MINUTE: '1' }) };
    await ask(`${spent.status.url}/docs`);
    const noApi = `http://127.0.0.1:${await freePort()}`;
    const nowhere = `postgres://nobody@127.0.0.1:${await freePort()}/none`;
    const away = {
      api: await start('api', { DATABASE_URL: nowhere }, 0),
      status: await start('status', { DATABASE_URL: nowhere, API_INTERNAL_URL: noApi }, 0),
    };
    for (const { url } of Object.values(away)) {
      const listens = () =>
        ask(`${url}/healthz`).then(
          ({ status }) => status === 200,
          () => false,
        );
      await waitFor(listens, { what: 'a service without a database to listen' });
    }
    const document: OpenApiDocument = JSON.parse((await ask(`${stack.apiUrl}/openapi.json`)).text);
    const contract = createContract(document);
    const url = (await submitForm(stack, { jobType: 'reset' })).text;
    await untilEnded(url, stack.key);
    const ended = url.split('/').at(-1) ?? '';
    const makeExport = async (): Promise<string> => {
      const { text } = await submitForm(stack, { jobType: 'export' });
      await untilEnded(text, stack.key);
      return text.split('/').at(-1) ?? '';
    };
    const [exported, expired] = [await makeExport(), await makeExport()];
    await stack.database
      .pool()
      .query(
        `UPDATE kasabi.job SET result = result || '{"expires": "2026-01-01T00:00:00Z"}' WHERE id = $1`,
        [expired],
      );
    const tagOf = async (path: string): Promise<string> => {
      const { headers } = await ask(stack.statusUrl + path, {
        headers: { X_KASABI_APIKEY: stack.key },
      });
      return headers.get('etag') ?? '';
    };
    const tags: readonly (readonly [string, string])[] = [
      [exampleValues.exportTag, await tagOf(`/data/${stack.dataset}/exports/${exported}`)],
      [exampleValues.jobTag, await tagOf(`/data/${stack.dataset}/jobs/${ended}`)],
      [exampleValues.descriptionTag, await tagOf(`/dataset/${stack.dataset}.ttl`)],
      [exampleValues.documentTag, await tagOf('/openapi.json')],
    ];

    return {
      stack,
      document,
      contract,
      ended,
      exported,
      expired,
      strict,
      spent,
      away,
      stop,
      async scheduled() {
        const answer = await submitForm(stack, { jobType: 'reset', startTime: inMs(3_600_000) });
        return answer.text.split('/').at(-1) ?? '';
      },
      async realised(request, job) {
        const values = [
          [exampleValues.key, stack.key],
          [exampleValues.job, job],
          [exampleValues.export, exported],
          [exampleValues.cursor, cursorAfter(job)],
          [exampleValues.idempotencyKey, randomUUID()],
          // An event's id is the tag without its quotes.
          ...tags.map((pair) => pair.map((tag) => tag.slice(1, -1)) as [string, string]),
        ] as const;
        return JSON.parse(JSON.stringify(request), (_key, value) =>
          typeof value !== 'string'
            ? value
            : values.reduce((at, [example, real]) => at.replaceAll(example, real), value),
        );
      },
      async send(request, to) {
        const path = new URL(request.url, stack.apiUrl).pathname;
        const place = contract.placeOf(request.method, path);
        const [server] = document.paths[place.path]?.servers ?? [];
        const { pathname, search } = new URL(request.url, stack.apiUrl);
        const host = to?.[server?.url === stack.apiUrl ? 'api' : 'status'].url ?? server?.url;
        const answer = await ask(`${host}${pathname}${search}`, {
          method: request.method,
          headers: { ...request.headers },
          ...(request.body !== undefined && { body: request.body }),
        });
        contract.check(place, answer);
        return { ...answer, place };
      },
    };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}
