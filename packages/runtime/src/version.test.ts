import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { createRegistry } from './metrics-registry.ts';
import { version } from './version.ts';

const root = path.join(import.meta.dirname, '../../..');
const versionIn = (folder: string): unknown =>
  JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8')).version;

test('the product has one version: that of the root, which every service reports', async () => {
  assert.equal(version, versionIn(''));
  assert.match(
    await createRegistry().metrics(),
    new RegExp(`^kasabi_build_info\\{version="${version}"\\} 1$`, 'm'),
  );
  const folders = ['packages', 'services']
    .flatMap((place) => readdirSync(path.join(root, place)).map((name) => `${place}/${name}`))
    .filter((folder) => existsSync(path.join(root, folder, 'package.json')));
  assert.ok(folders.length >= 10);
  for (const folder of folders) assert.equal(versionIn(folder), version, folder);
});
