import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request as the peer received it. */
export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** When it had arrived, by the monotonic clock. */
  readonly at: number;
}

/** How a peer handles a request. */
export type Reply = (response: ServerResponse, request: Received) => void;

/** An HTTP service that misbehaves as the test demands. */
export interface Peer {
  readonly url: string;
  readonly requests: readonly Received[];
  /** How many connections were opened so far. */
  readonly opened: number;
  /** How many connections have an unanswered request. */
  readonly busy: number;
  close(): Promise<void>;
}

const peers = new Set<Peer>();

/** Starts a peer on its own port that handles each request with the next of `replies`; the last repeats. */
export async function startPeer(...replies: [Reply, ...Reply[]]): Promise<Peer> {
  const requests: Received[] = [];
  const busy = new Set<Socket>();
  let opened = 0;
  const server = createServer(async (request, response) => {
    busy.add(request.socket);
    for (const event of ['finish', 'close']) {
      response.on(event, () => busy.delete(request.socket));
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const received: Received = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
      at: performance.now(),
    };
    requests.push(received);
    const reply = replies[Math.min(requests.length, replies.length) - 1] as Reply;
    reply(response, received);
  });
  server.on('connection', () => {
    opened += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const peer: Peer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get opened() {
      return opened;
    },
    get busy() {
      return busy.size;
    },
    async close() {
      peers.delete(peer);
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  peers.add(peer);
  return peer;
}

/** Closes the remaining peers, after the tests that use them. */
export async function closePeers(): Promise<void> {
  await Promise.all([...peers].map((peer) => peer.close()));
}

export type Headers = Readonly<Record<string, string>>;

export const reply =
  (status: number, text: string, headers: Headers = {}): Reply =>
  (response) => {
    response.writeHead(status, headers).end(text);
  };

export const json = (status: number, value: unknown, headers: Headers = {}): Reply =>
  reply(status, JSON.stringify(value), { 'Content-Type': 'application/json', ...headers });

export const problem = (status: number, code: string, headers: Headers = {}): Reply =>
  reply(
    status,
    JSON.stringify({
      type: `urn:kasabi:problem:${code}`,
      title: `Title of ${code}`,
      status,
      detail: `Detail of ${code}.`,
      instance: 'urn:kasabi:request:r1',
    }),
    { 'Content-Type': 'application/problem+json; charset=utf-8', ...headers },
  );

/** Breaks the connection without an answer. */
export const hangUp: Reply = (response) => response.destroy();

/** Never answers. */
export const silence: Reply = () => {};

/** Answers 202 for the job of this address, with its document. */
export const accepted = (location: string, headers: Headers = {}): Reply =>
  json(202, job(), { Location: location, ...headers });

/** A job document, scheduled unless said otherwise. */
export function job(overrides: Readonly<Record<string, unknown>> = {}) {
  return {
    created: '2011-05-27T14:30:00Z',
    startTime: '2011-05-27T14:31:00Z',
    endTime: null as string | null,
    status: 'scheduled',
    jobStatus: 'pending',
    jobType: 'reset',
    dataset: 'nasa',
    attempt: 0,
    message: null as string | null,
    reason: null as string | null,
    progress: null,
    result: null,
    ...overrides,
  };
}

export const running = () => job({ status: 'running', jobStatus: 'running', attempt: 1 });

export const completed = (status = 'completed') =>
  job({ status, jobStatus: 'applied', attempt: 1, endTime: '2011-05-27T14:33:00Z' });

export const cancelled = () =>
  job({
    status: 'failed',
    jobStatus: 'failed',
    endTime: '2011-05-27T14:30:30Z',
    message: 'Cancelled by owner (key k1) before it started.',
    reason: 'cancelled',
  });
