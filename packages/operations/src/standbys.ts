import { formatDuration } from './duration.ts';
import { inMs } from './in-ms.ts';

/** A standby that is connected to the Postgres that was asked. */
export interface StandbyState {
  /** The `application_name` that it connects with. */
  readonly name: string;
  /** Null when it comes by a socket. */
  readonly address: string | null;
  /** How much of the log it has not replayed. */
  readonly behindBytes: number;
  /** How late it replayed what it replayed last; null when it has replayed everything for a while. */
  readonly replayLagMs: number | null;
}

/** A function's own rights: Postgres shows standbys to few roles. */
export const standbys = `
  SELECT name, address, behind_bytes AS "behindBytes", ${inMs('replay_lag')} AS "replayLagMs"
  FROM kasabi.standbys()`;

/** How far it is behind: `has replayed everything`, `12.0 kB behind, 2.1 s late`. */
export function describeLag({ behindBytes, replayLagMs }: StandbyState): string {
  if (behindBytes === 0) return 'has replayed everything';
  const late = replayLagMs === null ? '' : `, ${formatDuration(replayLagMs)} late`;
  return `${formatBytes(behindBytes)} behind${late}`;
}

function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const digits = power === 0 ? 0 : 1;
  return `${(bytes / 1_000 ** power).toFixed(digits)} ${units[power]}`;
}
