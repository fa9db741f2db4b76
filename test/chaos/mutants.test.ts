// The mutants themselves take minutes each and are run by hand; that each still changes the product is held here.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '@kasabi/local';
import { mutants } from './mutants.ts';

for (const [name, { patches }] of Object.entries(mutants)) {
  test(`the patches of the mutant ${name} fit the built product, each once`, () => {
    for (const { file, find } of patches) {
      const text = readFileSync(path.join(projectRoot, file), 'utf8');
      assert.equal(text.split(find).length - 1, 1, `${file}: ${find}`);
    }
  });
}
