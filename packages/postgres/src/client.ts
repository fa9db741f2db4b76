import pg from 'pg';
import { parseConnectionUrl, type SessionTarget, urlOf } from './connection-url.ts';
import { isAtConnect, isRefusedByPooler, noteAtConnect } from './errors.ts';
import { type Host, type Hosts, hostsOf, NoHostSuits, type ServerRole } from './hosts.ts';
import { sessionUrl } from './session.ts';
import { StatementClient, type StatementConfig } from './statement-client.ts';

/** The configuration of a session, as node-postgres hands it on from a pool. */
export interface SessionConfig extends StatementConfig {
  readonly hosts: Hosts;
  readonly sessionUrl: string;
  /** Refuses a pooler: for work that needs a session of the primary itself. */
  readonly needsSession?: boolean;
}

/** How long an attempt to connect may take, in milliseconds, for all hosts together. */
export const defaultConnectTimeoutMs = 5_000;

/**
 * The part of a session's configuration that comes from its URL.
 *
 * @param target what the session is wanted for, unless the URL says.
 */
export function sessionConfig(url: string, target: SessionTarget) {
  const { hosts, target: asked } = parseConnectionUrl(url);
  return { hosts: hostsOf(hosts, asked ?? target), sessionUrl: sessionUrl(url) };
}

/** The process that serves a session, as its server told when it began; poolers make one up. */
export const processIdOf = (client: pg.ClientBase): number =>
  (client as unknown as { readonly processID: number }).processID;

/** DATABASE_URL leads to a pooler, and this needs the primary itself. */
export class PoolerInTheWay extends Error {
  readonly code = 'pooler-in-the-way';
  constructor() {
    super(
      'DATABASE_URL leads to a pooler, and this needs a session of the primary itself: for its advisory locks, its role and its settings. Give it the address of Postgres.',
    );
  }
}

type OnConnected = ((error: Error) => void) | ((error: null, client: pg.Client) => void);

/**
 * A client of one of the hosts, which fails to connect where the server is not what is wanted. It records which
 * errors kept it from connecting, to distinguish them from those of statements.
 */
export class SessionClient extends StatementClient {
  readonly #hosts: Hosts;
  readonly #host: Host;
  readonly #needsSession: boolean;
  readonly #said = new Map<string, string>();
  /** Whether its server has become something else than what is wanted, as after a promotion. */
  isUnsuited = false;

  constructor(config: SessionConfig) {
    const { hosts } = config;
    const host = hosts.next();
    const timeoutMs = config.connectionTimeoutMillis ?? defaultConnectTimeoutMs;
    super({
      ...config,
      connectionString: urlOf(config.sessionUrl, host.address),
      // One that does not answer leaves the others their share of the time.
      connectionTimeoutMillis: Math.ceil(timeoutMs / hosts.size),
    });
    this.#hosts = hosts;
    this.#host = host;
    this.#needsSession = config.needsSession ?? false;
    // A pool listens from when it has the session. A server that is just stopping sends its farewell with its greeting.
    this.on('error', () => undefined);
    this.connection.on('parameterStatus', (message: ParameterStatus) => this.#hear(message));
  }

  override connect(): Promise<pg.Client>;
  override connect(callback: OnConnected): void;
  override connect(callback?: OnConnected): Promise<pg.Client> | undefined {
    const connected = this.#connect();
    if (callback === undefined) return connected;
    connected.then(
      (client) => (callback as (error: null, client: pg.Client) => void)(null, client),
      callback as (error: Error) => void,
    );
    return undefined;
  }

  async #connect(): Promise<pg.Client> {
    const [hosts, host] = [this.#hosts, this.#host];
    try {
      await super.connect();
      if (this.#needsSession) await this.#requireSession();
      const unsuitable = hosts.judge(host, this.#role() ?? (await this.#askRole()));
      if (unsuitable !== undefined) throw unsuitable;
    } catch (caught) {
      const isInTheWay = this.#needsSession && isRefusedByPooler(caught);
      const error = isInTheWay ? new PoolerInTheWay() : caught;
      noteAtConnect(error);
      hosts.failed(host);
      await super.end();
      throw error;
    }
    const connection = { breakOff: (why: Error) => this.connection.stream.destroy(why) };
    host.connections.add(connection);
    this.once('end', () => host.connections.delete(connection));
    return this;
  }

  /** @throws PoolerInTheWay */
  async #requireSession(): Promise<void> {
    const { rows } = await this.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    if (rows[0]?.pid !== processIdOf(this)) throw new PoolerInTheWay();
  }

  #hear({ parameterName, parameterValue }: ParameterStatus): void {
    this.#said.set(parameterName, parameterValue);
    const role = this.#role();
    if (role !== undefined) this.isUnsuited = !this.#hosts.stillSuits(role);
  }

  /** What the server has said of itself, at the start of the session or since. */
  #role(): ServerRole | undefined {
    const [standby, readOnly] = ['in_hot_standby', 'default_transaction_read_only'].map((name) =>
      this.#said.get(name),
    );
    if (standby === undefined || readOnly === undefined) return undefined;
    return { isStandby: standby === 'on', isReadOnly: readOnly === 'on' };
  }

  /** For servers that do not say it by themselves, such as poolers. */
  async #askRole(): Promise<ServerRole> {
    if (this.#hosts.target === 'any') return { isStandby: false, isReadOnly: false };
    const { rows } = await this.query<ServerRole>(
      `SELECT pg_is_in_recovery() AS "isStandby",
              current_setting('default_transaction_read_only') = 'on' AS "isReadOnly"`,
    );
    return rows[0] as ServerRole;
  }
}

/** The message in which a server says what one of its parameters is. */
interface ParameterStatus {
  readonly parameterName: string;
  readonly parameterValue: string;
}

/** Pools sessions of whichever host suits. */
export class SessionPool extends pg.Pool {
  override connect(): Promise<pg.PoolClient>;
  override connect(callback: OnPooled): void;
  override connect(callback?: OnPooled): Promise<pg.PoolClient> | undefined {
    const { hosts } = this.options as unknown as SessionConfig;
    if (callback === undefined) {
      return new Promise((resolve, reject) => {
        this.connect((error, client) => (error ? reject(error) : resolve(client as pg.PoolClient)));
      });
    }
    const errors: Error[] = [];
    const attempt = (): void =>
      super.connect((error, client, done) => {
        if (error !== undefined && isAtConnect(error)) {
          errors.push(error);
          if (errors.length < hosts.tries) return attempt();
        }
        const nobodySuits = hosts.size > 1 && errors.length === hosts.tries;
        callback(nobodySuits ? new NoHostSuits(errors) : error, client, done);
      });
    attempt();
    return undefined;
  }
}

type OnPooled = Parameters<InstanceType<typeof pg.Pool>['connect']>[0];

/**
 * Connects to whichever host suits.
 *
 * @throws NoHostSuits when there are several and none does.
 */
export async function connectSession(config: SessionConfig): Promise<pg.Client> {
  const errors: Error[] = [];
  for (;;) {
    try {
      return await new SessionClient(config).connect();
    } catch (error) {
      errors.push(error as Error);
      if (errors.length < config.hosts.tries) continue;
      throw config.hosts.size > 1 ? new NoHostSuits(errors) : error;
    }
  }
}
