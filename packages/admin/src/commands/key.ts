import { issueKey, type KeySummary, listKeys, revokeKey } from '@kasabi/accounts';
import { recorded } from '@kasabi/operations';
import type { Command } from 'commander';
import { addExamples, jsonOption, wholeNumber } from '../arguments.ts';
import { confirm, yesOption } from '../confirm.ts';
import { withDatabase } from '../database.ts';
import { KeyUnknown } from '../errors.ts';
import { formatTime, printResult } from '../output.ts';
import { formatList } from '../table.ts';
import { checkNames } from './check-names.ts';
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
      const words = `${secret}

This is key ${keyId} of ${owner}. Keep it now: it is not stored here and cannot be shown
again. To revoke it: npm run admin -- key revoke ${keyId}`;
      printResult(options, { keyId, owner, secret }, words);
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
        await checkNames(pool, { owner });
        return await listKeys(pool, { owner });
      });
      const shown = keys.filter(({ revoked }) => !options.valid || revoked === null);
      printResult(options, shown, keyTable(shown));
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
      printResult(options, { keyId, revoked: true }, `Revoked key ${keyId}.`);
    });
  addExamples(revoke, 'key revoke 3', 'key revoke 3 --yes');
}

const keyTable = (keys: readonly KeySummary[]): string =>
  formatList(keys, 'No keys match.', {
    KEY: (it) => String(it.keyId),
    OWNER: (it) => it.owner,
    CREATED: (it) => formatTime(it.created),
    REVOKED: (it) => (it.revoked === null ? 'no' : formatTime(it.revoked)),
  });
