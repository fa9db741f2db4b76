import {
  issueKey,
  type KeySummary,
  listKeys,
  OwnerUnknown,
  ownerExists,
  revokeKey,
} from '@kasabi/accounts';
import { recorded } from '@kasabi/operations';
import type { Command } from 'commander';
import { addExamples, jsonOption, wholeNumber } from '../arguments.ts';
import { confirm, yesOption } from '../confirm.ts';
import { withDatabase } from '../database.ts';
import { KeyUnknown } from '../errors.ts';
import { formatTime, print, printJson } from '../output.ts';
import { formatTable } from '../table.ts';
import { operatorAddress } from './operator.ts';

const maxKeyId = 2 ** 31 - 1;

/** Adds `key issue`, `key list` and `key revoke`. */
export function addKeyCommands(program: Command): void {
  const key = program.command('key').alias('keys').description('API keys of owners');

  const issue = key
    .command('issue')
    .description('issue a new API key to an owner; it is shown once')
    .argument('<OWNER>', "the owner's name")
    .addOption(jsonOption())
    .action(async (owner: string, options: { json?: true }) => {
      const asked = { action: 'key-issue', subject: owner, operatorAddress } as const;
      const { keyId, secret } = await withDatabase((pool) =>
        recorded(
          pool,
          asked,
          (client) => issueKey(client, owner),
          (issued) => ({ subject: `key ${issued.keyId} of ${owner}` }),
        ),
      );
      if (options.json) {
        printJson({ keyId, owner, secret });
        return;
      }
      print(`${secret}\n`);
      print(
        `This is key ${keyId} of ${owner}. Keep it now: it is not stored here and cannot be shown`,
      );
      print(`again. To revoke it: npm run admin -- key revoke ${keyId}`);
    });
  addExamples(issue, 'key issue nasa');

  const list = key
    .command('list')
    .description('list API keys by their numbers; the keys themselves are not stored')
    .option('--owner <OWNER>', 'only those of this owner')
    .option('--valid', 'without revoked ones')
    .addOption(jsonOption())
    .action(async (options: { owner?: string; valid?: true; json?: true }) => {
      const { owner } = options;
      const keys = await withDatabase(async (pool) => {
        if (owner !== undefined && !(await ownerExists(pool, owner))) throw new OwnerUnknown(owner);
        return await listKeys(pool, { owner });
      });
      const shown = keys.filter(({ revoked }) => !options.valid || revoked === null);
      if (options.json) printJson(shown);
      else print(shown.length === 0 ? 'No keys match.' : keyTable(shown));
    });
  addExamples(list, 'key list', 'key list --owner nasa --valid');

  const revoke = key
    .command('revoke')
    .description('revoke an API key, at once and for good')
    .argument('<KEY_ID>', 'its number, as "key list" shows it', wholeNumber(1, maxKeyId))
    .addOption(yesOption())
    .addOption(jsonOption())
    .action(async (keyId: number, options: { yes?: true; json?: true }) => {
      const asked = { action: 'key-revoke', subject: `key ${keyId}`, operatorAddress } as const;
      await withDatabase(async (pool) => {
        const key = (await listKeys(pool)).find((it) => it.keyId === keyId);
        if (key !== undefined && key.revoked === null) {
          const what = `This revokes the key ${keyId} of ${key.owner}: requests with it are refused at once, and it cannot be made valid again.`;
          await confirm(what, options.yes);
        }
        await recorded(pool, asked, async (client) => {
          if (!(await revokeKey(client, keyId))) throw new KeyUnknown(keyId);
        });
      });
      if (options.json) printJson({ keyId, revoked: true });
      else print(`Revoked key ${keyId}.`);
    });
  addExamples(revoke, 'key revoke 3', 'key revoke 3 --yes');
}

function keyTable(keys: readonly KeySummary[]): string {
  return formatTable(
    ['KEY', 'OWNER', 'CREATED', 'REVOKED'],
    keys.map((it) => [
      String(it.keyId),
      it.owner,
      formatTime(it.created),
      it.revoked === null ? 'no' : formatTime(it.revoked),
    ]),
  );
}
