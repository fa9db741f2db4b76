// The Redis users in docs/deployment.md, made from the rules in the code:
//   npx node --conditions=kasabi-source test/support/redis-users-table.ts --write
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '@kasabi/local';
import { aclRules } from '@kasabi/queue';

/** The file that the users are in, from the project's root. */
export const usersDocument = 'docs/deployment.md';

const between = /(?<=<!-- redis-users -->\n).*?(?=<!-- \/redis-users -->)/s;

/** The document with the present rules between its markers. */
export function withUsers(document: string): string {
  const lines = Object.entries(aclRules).map(
    ([service, rules]) => `user kasabi-${service} on >PASSWORD ${rules}`,
  );
  return document.replace(between, () => ['```text', ...lines, '```', ''].join('\n'));
}

if (process.argv[1] === import.meta.filename) {
  const file = path.join(projectRoot, usersDocument);
  const current = withUsers(readFileSync(file, 'utf8'));
  if (process.argv.includes('--write')) writeFileSync(file, current);
  else process.stdout.write(current);
}
