import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Dataset } from '@kasabi/datasets';
import fc from 'fast-check';
import { Parser } from 'n3';
import { describeDataset, toRdfJson, toTurtle } from './description.ts';
import { toHtml } from './description-html.ts';

const urls = { apiUrl: 'https://api.example.org/v1', statusUrl: 'https://data.example.org' };

function dataset(title: string): Dataset {
  return {
    id: 1,
    code: 'nasa',
    title,
    owner: 'an owner <whose> name is nobody’s business',
    status: 'published',
    created: new Date('2011-05-27T14:30:00.999Z'),
    published: new Date('2011-06-01T00:00:00Z'),
    storageMode: 'read-write',
    jobsPaused: false,
    fence: 0,
    lockedBy: null,
    lockedAt: null,
  };
}

const string = 'http://www.w3.org/2001/XMLSchema#string';

/** A triple as `subject predicate object datatype`; without a datatype, the object is an IRI. */
type Triple = readonly [string, string, string, string?];

function readTurtle(text: string): Triple[] {
  return new Parser({ format: 'text/turtle' })
    .parse(text)
    .map(({ subject, predicate, object }): Triple => {
      const triple = [subject.value, predicate.value, object.value] as const;
      return object.termType === 'Literal' ? [...triple, object.datatype.value] : triple;
    });
}

interface RdfJson {
  [subject: string]: {
    [predicate: string]: { type: 'uri' | 'literal'; value: string; datatype?: string }[];
  };
}

function readRdfJson(text: string): Triple[] {
  return Object.entries(JSON.parse(text) as RdfJson).flatMap(([subject, predicates]) =>
    Object.entries(predicates).flatMap(([predicate, objects]) =>
      objects.map(
        ({ type, value, datatype }): Triple =>
          type === 'uri'
            ? [subject, predicate, value]
            : [subject, predicate, value, datatype ?? string],
      ),
    ),
  );
}

/** A page's tags, in order, and the text of its heading. */
function readHtml(page: string): { readonly tags: string[]; readonly heading: string } {
  const heading = /<h1[^>]*>([^<]*)<\/h1>/.exec(page)?.[1] ?? '';
  const characters: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" };
  return {
    tags: page.match(/<[^>]*>/g) ?? [],
    heading: heading.replace(/&([^;&]*);/g, (_entity, name: string) => `${characters[name]}`),
  };
}

const hostileTitles = [
  '"',
  '"""',
  "'; DROP TABLE kasabi.job; --",
  '\\',
  'ends in a backslash \\',
  '" ; <http://labs.kasabi.com/ns/services#jobsEndpoint> <http://evil.example/jobs> . <a:b> <c:d> "',
  '</title></h1><script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '&lt;b&gt; &amp;amp; &#39;',
  'two\nlines\r\nand\ttabs',
  '\u0001\u001a\u001f\u007f\u2028\u2029\ufffe',
  'Ærøskøbing 月 🚀 \u202eright to left',
  '__proto__',
  '$& $1 {{title}} %s @en ^^<x>',
];

describe('the description of a dataset', () => {
  const plain = describeDataset(dataset('NASA'), urls);

  it('says what it is, and where its services are', () => {
    const iri = 'https://data.example.org/dataset/nasa';
    const dateTime = 'http://www.w3.org/2001/XMLSchema#dateTime';
    const expected: Triple[] = [
      [iri, 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type', 'http://rdfs.org/ns/void#Dataset'],
      [iri, 'http://purl.org/dc/terms/title', 'NASA', string],
      [iri, 'http://purl.org/dc/terms/identifier', 'nasa', string],
      [iri, 'http://purl.org/dc/terms/created', '2011-05-27T14:30:00Z', dateTime],
      [iri, 'http://purl.org/dc/terms/issued', '2011-06-01T00:00:00Z', dateTime],
      [
        iri,
        'http://labs.kasabi.com/ns/services#jobsEndpoint',
        'https://api.example.org/v1/dataset/nasa/jobs',
      ],
      [iri, 'http://labs.kasabi.com/ns/services#statusEndpoint', `${iri}/status`],
    ];
    assert.deepEqual(readTurtle(toTurtle(plain)), expected);
    assert.deepEqual(readRdfJson(toRdfJson(plain)), expected);
  });

  it('is the same in Turtle and RDF/JSON, and holds no more than a title, whatever the title', () => {
    const [type, ofTitle, ...others] = readTurtle(toTurtle(plain));
    const check = (title: string) => {
      const description = describeDataset(dataset(title), urls);
      const triples = readTurtle(toTurtle(description));
      assert.deepEqual(readRdfJson(toRdfJson(description)), triples);
      assert.deepEqual(triples, [type, [ofTitle?.[0], ofTitle?.[1], title, string], ...others]);
    };
    for (const title of hostileTitles) check(title);
    fc.assert(fc.property(fc.string({ unit: 'binary', minLength: 1 }), check));
  });

  it('is a page with the same elements, whatever the title', () => {
    const { tags } = readHtml(toHtml(plain));
    const check = (title: string) => {
      const page = toHtml(describeDataset(dataset(title), urls));
      assert.deepEqual(readHtml(page), { tags, heading: title });
    };
    for (const title of hostileTitles) check(title);
    const markup = fc.constantFrom('<', '>', '"', "'", '&', '/', '=', 'script', ' ', '`', '!--');
    fc.assert(fc.property(fc.string({ unit: markup, minLength: 1 }), check));
  });

  it('needs no style, script or other request to be read', () => {
    const page = toHtml(plain);
    assert.doesNotMatch(page, /<(script|style|img|iframe|form)|style=|\son\w+=|rel="stylesheet"/i);
    assert.match(page, /<meta name="viewport" content="width=device-width, initial-scale=1">/);
    assert.match(page, /<meta name="color-scheme" content="light dark">/);
  });
});
