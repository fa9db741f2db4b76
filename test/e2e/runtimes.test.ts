// Everything else runs on the Node.js of production. These are the oldest and the newest version that the
// services are said to work on: the main job, from the request to the empty dataset.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { countQuads, getDataset, quadsTable } from '@kasabi/datasets';
import { projectRoot, runCommand } from '@kasabi/local';
import { startStack, type TestStack } from '@kasabi/test/support';
import { inMs, submitForm, untilEnded } from '@kasabi/test/support/client';

/** The program of an exact version of Node.js, from its npm package; kept in `.cache`. */
async function findNode(version: string): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = path.join(projectRoot, '.cache', `node-${version}`);
  const program = path.join(folder, 'node_modules', name, 'bin', 'node');
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    // A folder outside the workspaces, or npm would change the project's own installation.
    const options = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
    await runCommand('npm', ['install', '--prefix', folder, ...options, `${name}@${version}`]);
  }
  assert.equal((await runCommand(program, ['--version'])).trim(), `v${version}`);
  return program;
}

for (const version of ['20.20.2', '26.10.0']) {
  describe(`services on Node.js ${version}`, () => {
    let stack: TestStack;
    let node: string;

    before(async () => {
      node = await findNode(version);
      stack = await startStack({ node });
    });
    after(() => stack?.stop());

    it('accept a reset, run it at its time, and tell how it went', async () => {
      for (const { pid } of [stack.api, stack.status, ...stack.workers]) {
        assert.equal(readlinkSync(`/proc/${pid}/exe`), node);
      }
      const pool = stack.database.pool();
      const { id } = await getDataset(pool, stack.dataset);
      await pool.query(
        `INSERT INTO ${quadsTable(id)} SELECT 's' || n, 'p', 'o' FROM generate_series(1, 1000) AS n`,
      );
      const answer = await submitForm(stack, { jobType: 'reset', startTime: inMs(1_500) });
      assert.equal(answer.status, 202, answer.text);
      const ended = await untilEnded(answer.text, stack.key);
      assert.equal(ended.status, 'completed');
      assert.ok((ended.endTime ?? '') >= ended.startTime);
      assert.equal(await countQuads(pool, stack.dataset), 0);
    });
  });
}
