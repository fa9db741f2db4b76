// The packed client, installed on its own, on plain Node.js.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { projectRoot } from '@kasabi/local';
import { startStack, type TestStack } from '@kasabi/test/support';

const run = promisify(execFile);
const source = path.join(projectRoot, 'packages', 'client');

let stack: TestStack;
/** A folder with only the package installed. */
let folder: string;
let files: readonly string[];

before(async () => {
  stack = await startStack({ dataset: 'schema' });
  folder = await mkdtemp(path.join(tmpdir(), 'kasabi-client-'));
  await run('npm', ['pack', '--pack-destination', folder], { cwd: source });
  const [tarball = ''] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  files = (await run('tar', ['-tzf', path.join(folder, tarball)])).stdout.trim().split('\n');
  await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
  const options = ['--offline', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...options, `./${tarball}`], { cwd: folder });
});
after(async () => {
  await stack?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

describe('the package of the client', () => {
  it('has the build, its types and sources, and a README; no tests, and no dependencies', async () => {
    for (const name of ['README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts']) {
      assert.ok(files.includes(`package/${name}`), name);
    }
    const rest = files.filter(
      (name) => !/^package\/(dist|src)\/[\w-]+\.(js|d\.ts|ts)(\.map)?$/.test(name),
    );
    assert.deepEqual(rest.toSorted(), ['package/README.md', 'package/package.json']);
    assert.deepEqual(
      files.filter((name) => /test/.test(name)),
      [],
    );
    const installed = await readdir(path.join(folder, 'node_modules'));
    assert.deepEqual(
      installed.filter((name) => !name.startsWith('.')),
      ['@kasabi'],
    );
    assert.deepEqual(await readdir(path.join(folder, 'node_modules', '@kasabi')), ['client']);
  });

  it('does what the README shows first', async () => {
    const readme = await readFile(path.join(source, 'README.md'), 'utf8');
    const example = /```js\n(.*?)```/s.exec(readme)?.[1] ?? '';
    const script = example
      .replace('http://127.0.0.1:8080', stack.apiUrl)
      .replace('http://127.0.0.1:8081', stack.statusUrl)
      .replace('demo-key', stack.key);
    await writeFile(path.join(folder, 'first.js'), script);
    const { stdout } = await run(process.execPath, ['first.js'], { cwd: folder, env: {} });
    const [accepted, ended, refused] = stdout.split('\n');
    assert.ok(accepted?.startsWith(`accepted: ${stack.statusUrl}/data/schema/jobs/`), stdout);
    assert.match(ended ?? '', /^completed at \d{4}-\d{2}-\d{2}T[\d:]{8}Z$/);
    assert.equal(refused, 'not-found: There is no dataset no-such-dataset.');
  });

  it('has types with which a strict program compiles', async () => {
    await writeFile(
      path.join(folder, 'typed.ts'),
      `import { createClient, type JobDocument } from '@kasabi/client';
       const client = createClient({ apiUrl: 'http://a', statusUrl: 'http://b', apiKey: 'k' });
       const document: JobDocument = await client.status('http://b/data/nasa/jobs/1');
       // @ts-expect-error: there is no such option.
       await client.submit('nasa', { startsAt: document.startTime });`,
    );
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022'];
    const libraries = [
      '--lib',
      'es2022,dom,dom.asynciterable',
      '--types',
      '',
      '--skipLibCheck',
      'false',
    ];
    const tsc = path.join(projectRoot, 'node_modules', '.bin', 'tsc');
    const { stdout } = await run(tsc, [...options, ...libraries, 'typed.ts'], {
      cwd: folder,
    }).catch((error: { readonly stdout?: string }) => ({ stdout: error.stdout ?? String(error) }));
    assert.equal(stdout, '');
  });
});
