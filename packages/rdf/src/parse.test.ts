import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Quad } from 'n3';
import { BaseIriInvalid, RdfFormatUnknown, RdfSyntaxError } from './errors.ts';
import { rdfFormatOf } from './format.ts';
import { checkBaseIri, parseRdf } from './parse.ts';
import { decodeUtf8 } from './utf8.ts';

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Parses `content` as a file of that name, read `size` bytes at a time. */
async function parse(
  file: string,
  content: string | Buffer,
  { size = 1 << 16, baseIri }: { size?: number; baseIri?: string } = {},
): Promise<Quad[]> {
  const text = decodeUtf8(pieces(Buffer.from(content), size), file);
  const options = { file, format: rdfFormatOf(file), ...(baseIri !== undefined && { baseIri }) };
  const quads: Quad[] = [];
  for await (const batch of parseRdf(text, options)) quads.push(...batch);
  return quads;
}

const line = '<http://e.org/s> <http://e.org/p> "é😀" .\n';

async function syntaxErrorOf(file: string, content: string | Buffer): Promise<RdfSyntaxError> {
  try {
    await parse(file, content);
  } catch (error) {
    assert.ok(error instanceof RdfSyntaxError, String(error));
    assert.equal(error.code, 'rdf-syntax-error');
    assert.match(error.message, new RegExp(`^${file}, line ${error.line}: `));
    return error;
  }
  return assert.fail(`${file} was parsed without an error`);
}

test('the extension decides the format, whatever its case, with or without .gz', () => {
  assert.equal(rdfFormatOf('a/b.nq').mediaType, 'application/n-quads');
  assert.equal(rdfFormatOf('b.NT.GZ').mediaType, 'application/n-triples');
  assert.equal(rdfFormatOf('x.y.ttl').mediaType, 'text/turtle');
  assert.equal(rdfFormatOf('b.trig.gz').mediaType, 'application/trig');
  for (const name of ['b', 'b.rdf', 'b.gz', '.nq', 'nq', 'b.nq.zip']) {
    assert.throws(() => rdfFormatOf(name), RdfFormatUnknown, name);
  }
  assert.throws(() => rdfFormatOf('b.rdf'), /\.nq, \.nt, \.ttl, \.trig/);
});

test('text is parsed the same however it is split, even inside characters and escapes', async () => {
  const content = `\ufeff${line}${line.replace('é', '\\u00e9')}# é\n${line}`;
  for (let size = 1; size < 20; size += 1) {
    const quads = await parse('f.nt', content, { size });
    assert.deepEqual(
      quads.map((quad) => quad.object.value),
      ['é😀', 'é😀', 'é😀'],
    );
  }
});

test('a syntax error names its line', async () => {
  assert.equal((await syntaxErrorOf('f.nq', `${line}${line}nonsense\n${line}`)).line, 3);
  assert.equal((await syntaxErrorOf('f.nt', `${line}\r\n${line}<http://e.org/s>`)).line, 4);
  assert.equal((await syntaxErrorOf('f.ttl', `${line}\n\n<http://e.org/s> "s" "o" .`)).line, 4);
  assert.equal((await syntaxErrorOf('f.ttl', `${line}a:b <http://e.org/p> 1 .`)).line, 2);
  assert.equal((await syntaxErrorOf('f.trig', `<http://e.org/g> {\n${line}`)).line, 3);
});

test('N-Quads and N-Triples are held to their own grammar', async () => {
  const turtle = '@prefix e: <http://e.org/> .\ne:s e:p 1 .\n';
  assert.equal((await parse('f.ttl', turtle)).length, 1);
  assert.equal((await syntaxErrorOf('f.nq', turtle)).line, 1);
  const quad = '<http://e.org/s> <http://e.org/p> "o" <http://e.org/g> .\n';
  assert.equal((await parse('f.nq', quad)).length, 1);
  assert.equal((await syntaxErrorOf('f.nt', quad)).line, 1);
  assert.equal((await syntaxErrorOf('f.nt', '<s> <http://e.org/p> "o" .')).line, 1);
});

test('an IRI that would break out of its column is a syntax error, escaped or not', async () => {
  for (const bad of ['\\u0009', '\\u000A', '\\u005C', '\\u003E', ' ', '\t']) {
    const iri = `<http://e.org/${bad}x>`;
    await syntaxErrorOf('f.nq', `${iri} <http://e.org/p> "o" .\n`);
    await syntaxErrorOf('f.ttl', `${iri} <http://e.org/p> "o" .\n`);
    await syntaxErrorOf('f.ttl', `@prefix a: ${iri} .\na:b a:c a:d .\n`);
    await syntaxErrorOf('f.ttl', `@base ${iri} .\n<b> <c> <d> .\n`);
    await syntaxErrorOf('f.nq', `<http://e.org/s> <http://e.org/p> "o"^^${iri} .\n`);
  }
});

test('text that is not UTF-8 is refused with its line, however it is split', async () => {
  const bad = Buffer.concat([Buffer.from(line + line), Buffer.from([0x22, 0xff, 0x22, 0x0a])]);
  const latin1 = Buffer.from(`${line}<http://e.org/s> <http://e.org/p> "caf\xe9" .\n`, 'latin1');
  const cases = [
    [bad, 3],
    [Buffer.concat([Buffer.from(line), Buffer.from([0x23, 0xff])]), 2],
    [Buffer.concat([Buffer.from(line), Buffer.from([0x23, 0xf0, 0x9f])]), 2],
    [latin1, 1],
  ] as const;
  for (const [content, expected] of cases) {
    for (let size = 1; size < content.length + 2; size += 3) {
      const parsing = parse('f.nt', content, { size });
      await assert.rejects(parsing, (error: RdfSyntaxError) => {
        assert.equal(error.line, expected, `${error.message} at size ${size}`);
        return /not valid UTF-8|Unexpected/.test(error.message);
      });
    }
  }
});

test('a relative IRI needs a base, from the file or given', async () => {
  const relative = '<http://e.org/s> <http://e.org/p>\n  <o> .\n';
  const error = await syntaxErrorOf('f.ttl', `# a comment\n${relative}`);
  assert.equal(error.line, 3);
  assert.match(error.message, /--base/);
  const withBase = await parse('f.ttl', `@base <http://b.org/d/> .\n${relative}`);
  assert.equal(withBase[0]?.object.value, 'http://b.org/d/o');
  const given = await parse('f.trig', `{ ${relative} }`, { baseIri: 'http://given.org/' });
  assert.equal(given[0]?.object.value, 'http://given.org/o');
  assert.equal((await syntaxErrorOf('f.ttl', `BASE <d/>\n${relative}`)).line, 1);
  assert.equal((await syntaxErrorOf('f.ttl', '@prefix : <#> .\n:a :b :c .')).line, 1);
  assert.equal((await syntaxErrorOf('f.ttl', '<> a <http://e.org/C> .')).line, 1);
});

test('a base IRI must be absolute', () => {
  checkBaseIri('http://example.org/');
  for (const bad of ['', 'data/', '/data', 'http://e.org/a b', 'http://e.org/\t', 'http:']) {
    assert.throws(() => checkBaseIri(bad), BaseIriInvalid, bad);
  }
});
