import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataFactory, Parser } from 'n3';
import { termToNTriples } from './terms.ts';

const { literal, namedNode, blankNode, defaultGraph } = DataFactory;

test('terms are written in canonical N-Triples', () => {
  const written = [
    [namedNode('http://example.org/é'), '<http://example.org/é>'],
    [defaultGraph(), ''],
    [literal('plain'), '"plain"'],
    [literal('hello', 'en-GB'), '"hello"@en-gb'],
    [literal('1', namedNode('http://example.org/t')), '"1"^^<http://example.org/t>'],
    [literal('x', namedNode('http://www.w3.org/2001/XMLSchema#string')), '"x"'],
    [literal('tab\t quote" back\\slash'), '"tab\\t quote\\" back\\\\slash"'],
    [literal('\b\f\n\r'), '"\\b\\f\\n\\r"'],
    [literal('\u0000\u000b\u007f'), '"\\u0000\\u000B\\u007F"'],
    [literal('😀 \u{10ffff}'), '"😀 \u{10ffff}"'],
  ] as const;
  for (const [term, expected] of written) assert.equal(termToNTriples(term, ''), expected);
});

test('blank node labels get the scope, so that equal labels of two files differ', () => {
  assert.equal(termToNTriples(blankNode('a'), 'x1-'), '_:x1-a');
});

test('every character up to U+FFFF, and some beyond, survive being written and read', () => {
  const codes = [...Array(0x10000).keys()].filter((code) => code < 0xd800 || code > 0xdfff);
  const text = String.fromCodePoint(...codes, 0x10000, 0x1f600, 0x10ffff);
  const line = `<http://e.org/s> <http://e.org/p> ${termToNTriples(literal(text), '')} .`;
  const [quad] = new Parser({ format: 'application/n-triples' }).parse(line);
  assert.ok(quad?.object.value === text, 'the text changed on the way');
  assert.doesNotMatch(line, /\p{Cc}(?<![\u0080-\u009f])/u);
});

test('triple terms and base directions of RDF 1.2 are written as they were read', () => {
  const terms = ['<<( <http://e.org/s> <http://e.org/p> "o"@en )>>', '"right to left"@ar--rtl'];
  for (const term of terms) {
    const line = `<http://e.org/s> <http://e.org/p> ${term} .`;
    const [quad] = new Parser({ format: 'application/n-triples' }).parse(line);
    assert.ok(quad);
    assert.equal(termToNTriples(quad.object, ''), term);
  }
});
