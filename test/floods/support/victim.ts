import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What another client asks while a service is flooded. */
export interface Question {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Pause between an answer and the next question, in milliseconds. */
  readonly everyMs: number;
}

export interface Service {
  /** The median time to an answer, in milliseconds. */
  readonly medianMs: number;
  readonly asked: number;
  /** How often each status was answered; `0` is none at all. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** How long an answer may take, in milliseconds. */
const patienceMs = 5_000;

/** Asks one question after the other for so long, from an address of its own on one connection. */
export async function beServed(question: Question, forMs: number): Promise<Service> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, localAddress: '127.0.0.2' });
  const times: number[] = [];
  const statuses: Record<string, number> = {};
  const until = performance.now() + forMs;
  while (performance.now() < until) {
    const began = performance.now();
    const status = await ask(question, agent);
    times.push(performance.now() - began);
    statuses[status] = (statuses[status] ?? 0) + 1;
    await sleep(question.everyMs);
  }
  agent.destroy();
  times.sort((a, b) => a - b);
  return {
    medianMs: times[Math.floor(times.length / 2)] ?? Number.NaN,
    asked: times.length,
    statuses,
  };
}

function ask({ url, method = 'GET', headers = {}, body }: Question, agent: Agent): Promise<number> {
  return new Promise((resolve) => {
    const sent = request(url, { agent, method, headers, timeout: patienceMs }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', () => resolve(0));
    });
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(0));
    sent.end(body);
  });
}
