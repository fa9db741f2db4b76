import type { EventEmitter } from 'node:events';
import pg from 'pg';

/** What node-postgres knows of a session, and its types do not. */
interface Session {
  readonly host: string;
  readonly port: number;
  readonly processID: number;
  readonly secretKey: number;
  readonly ssl: unknown;
  readonly sslNegotiation: string;
}

/** The same of its connections. */
interface Wire extends EventEmitter {
  readonly stream: { destroy(): void };
  connect(port: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processID: number, secretKey: number): void;
}

/** How long an attempt may take, in milliseconds: the statement ends by itself, or with its connection. */
const patienceMs = 5_000;

/**
 * Asks Postgres to cancel the statement that a session is at, by the protocol's own CancelRequest (PostgreSQL manual,
 * section 54.2.9). It takes no session of its own, works when all of them are used up, and a pooler passes it on to
 * the server that has the statement. Resolves when it was passed on, or nobody answers. Never rejects.
 */
export async function cancelStatement(client: pg.ClientBase): Promise<void> {
  const session = client as unknown as Session;
  const { host, port, ssl, sslNegotiation } = session;
  const wire = new pg.Connection({ ssl, sslNegotiation } as never) as unknown as Wire;
  const send = (): void => wire.cancel(session.processID, session.secretKey);
  // Encrypted like the session: what is sent would let others cancel its statements, too.
  wire.once('connect', () => {
    if (!ssl) send();
    else if (sslNegotiation !== 'direct') wire.requestSsl();
  });
  wire.once('sslconnect', send);
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      wire.stream.destroy();
      resolve();
    };
    const timer = setTimeout(end, patienceMs);
    // The server closes the connection, having done it.
    wire.once('end', end);
    wire.on('error', end);
    if (host.startsWith('/')) wire.connect(`${host}/.s.PGSQL.${port}`);
    else wire.connect(port, host);
  });
}
