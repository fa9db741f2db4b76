// Plain JavaScript: node:test loads its reporters before tsx can translate anything.

const diagnostic = /^(pass|fail|cancelled|skipped|todo) (\d+)$/;

/**
 * A reporter of node:test that prints the run's totals, as node:test counts them, as one JSON document:
 * `passed`, `failed`, `skipped`.
 *
 * @param {AsyncIterable<import('node:test/reporters').TestEvent>} source
 */
export default async function* totals(source) {
  const counts = new Map();
  for await (const event of source) {
    if (event.type !== 'test:diagnostic' || event.data.nesting !== 0) continue;
    const match = diagnostic.exec(event.data.message);
    if (match !== null) counts.set(match[1], Number(match[2]));
  }
  const count = (name) => counts.get(name) ?? 0;
  yield JSON.stringify({
    passed: count('pass'),
    failed: count('fail') + count('cancelled'),
    skipped: count('skipped') + count('todo'),
  });
}
