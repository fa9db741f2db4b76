import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** `State 0A` of /proc/net/tcp. */
const listening = '0A';

/** The addresses that a process listens on, as `127.0.0.1:8080`, IPv6 ones as the kernel's hex digits. */
export function listeners(pid: number): string[] {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        // Closed in the meantime.
        return '';
      }
    }),
  );
  return ['tcp', 'tcp6']
    .flatMap((table) => readFileSync(`/proc/net/${table}`, 'utf8').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, , , state, , , , , , inode]) => state === listening && sockets.has(`socket:[${inode}]`),
    )
    .map(([, local = '']) => readable(local))
    .sort();
}

function readable(local: string): string {
  const [address = '', port = ''] = local.split(':');
  const bytes = address.match(/../g)?.reverse() ?? [];
  const host = bytes.length === 4 ? bytes.map((it) => Number.parseInt(it, 16)).join('.') : address;
  return `${host}:${Number.parseInt(port, 16)}`;
}
