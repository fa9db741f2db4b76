import { issueKey, revokeKey } from '@kasabi/accounts';
import type { Command } from 'commander';
import { addExamples, jsonOption, wholeNumber } from '../arguments.ts';
import { withDatabase } from '../database.ts';
import { KeyUnknown } from '../errors.ts';
import { print, printJson } from '../output.ts';

const maxKeyId = 2 ** 31 - 1;

/** Adds `key issue` and `key revoke`. */
export function addKeyCommands(program: Command): void {
  const key = program.command('key').description('API keys of owners');

  const issue = key
    .command('issue')
    .description('issue a new API key to an owner; it is shown once')
    .argument('<OWNER>', "the owner's name")
    .addOption(jsonOption())
    .action(async (owner: string, options: { json?: true }) => {
      const { keyId, secret } = await withDatabase((pool) => issueKey(pool, owner));
      if (options.json) {
        printJson({ keyId, owner, secret });
        return;
      }
      print(`${secret}\n`);
      print(
        `This is key ${keyId} of ${owner}. Keep it now: it is not kept here and cannot be shown`,
      );
      print(`again. To end it: npm run admin -- key revoke ${keyId}`);
    });
  addExamples(issue, 'key issue nasa');

  const revoke = key
    .command('revoke')
    .description('revoke an API key, at once and for good')
    .argument('<KEY_ID>', 'the number that "key issue" gave', wholeNumber(1, maxKeyId))
    .addOption(jsonOption())
    .action(async (keyId: number, options: { json?: true }) => {
      if (!(await withDatabase((pool) => revokeKey(pool, keyId)))) throw new KeyUnknown(keyId);
      if (options.json) printJson({ keyId, revoked: true });
      else print(`Revoked key ${keyId}.`);
    });
  addExamples(revoke, 'key revoke 3');
}
