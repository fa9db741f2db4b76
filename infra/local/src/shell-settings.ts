import { environment } from './env.ts';

/** Steers every Postgres client: PGHOST, PGSSLMODE, PGOPTIONS, PGPASSFILE and some twenty more. */
const postgresClients = /^PG[A-Z]/;

/** Steers other programs, among them Node.js itself, or names servers that are not ours. */
const otherPrograms =
  /^(REDISCLI_\w+|(REDIS|POSTGRES)_(HOST|USER|USERNAME|PASSWORD|DB|DATABASE)|NODE_(?!EXTRA_CA_CERTS$)\w+)$/;

/**
 * Removes from this process's environment, and so from that of all it starts, what the user's shell says
 * to other programs. `PGSSLMODE=require`, meant for a server elsewhere, would keep everything here from
 * the local Postgres; `NODE_OPTIONS=--inspect` would have all services ask for one port.
 *
 * @param ownPostgres whether the Postgres to be used is a local one; the user's own may need those settings.
 */
export function forgetShellSettings(
  ownPostgres: boolean,
  env: NodeJS.ProcessEnv = environment(),
): void {
  for (const name of Object.keys(env)) {
    if (otherPrograms.test(name) || (ownPostgres && postgresClients.test(name))) delete env[name];
  }
}
