import { environment } from './env.ts';

/** Read by every Postgres client: PGHOST, PGSSLMODE, PGOPTIONS, PGPASSFILE and some twenty more. */
const postgresClients = /^PG[A-Z]/;

/** Read by other programs, among them Node.js itself, or naming servers other than ours. */
const otherPrograms =
  /^(REDISCLI_\w+|(REDIS|POSTGRES)_(HOST|USER|USERNAME|PASSWORD|DB|DATABASE)|NODE_(?!EXTRA_CA_CERTS$)\w+)$/;

/**
 * Removes from this process's environment, and so from that of every process it starts, what the user's
 * shell sets for other programs. `PGSSLMODE=require`, meant for a server elsewhere, would make every
 * connection to the local Postgres fail; with `NODE_OPTIONS=--inspect`, all services would use one port.
 *
 * @param ownPostgres whether the Postgres to be used is the stack's own; the user's may need those settings.
 */
export function forgetShellSettings(
  ownPostgres: boolean,
  env: NodeJS.ProcessEnv = environment(),
): void {
  for (const name of Object.keys(env)) {
    if (otherPrograms.test(name) || (ownPostgres && postgresClients.test(name))) delete env[name];
  }
}
