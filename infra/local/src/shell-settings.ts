import { environment } from './env.ts';

/** Variables that every Postgres client reads: PGHOST, PGSSLMODE, PGOPTIONS, PGPASSFILE and some twenty more. */
const postgresClients = /^PG[A-Z]/;

/** Variables that other programs read, among them Node.js itself, or that name servers other than ours. */
const otherPrograms =
  /^(REDISCLI_\w+|(REDIS|POSTGRES)_(HOST|USER|USERNAME|PASSWORD|DB|DATABASE)|NODE_(?!EXTRA_CA_CERTS$)\w+)$/;

/**
 * Removes variables that the user's shell sets for other programs from the environment of this process, and so from
 * that of every process it starts. `PGSSLMODE=require`, meant for another server, would break every connection to the
 * local Postgres; with `NODE_OPTIONS=--inspect`, all services would use the same port.
 *
 * @param ownPostgres whether Postgres is the stack's own. The user's may need the Postgres variables.
 */
export function forgetShellSettings(
  ownPostgres: boolean,
  env: NodeJS.ProcessEnv = environment(),
): void {
  for (const name of Object.keys(env)) {
    if (otherPrograms.test(name) || (ownPostgres && postgresClients.test(name))) delete env[name];
  }
}
