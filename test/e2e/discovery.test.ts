// Clients that know no more of a dataset than its address.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createDataset, publishDataset } from '@kasabi/datasets';
import { startStack, type TestStack } from '@kasabi/test/support';
import { ask, form, inMs, untilEnded } from '@kasabi/test/support/client';
import { Parser } from 'n3';

let stack: TestStack;
/** The address of the dataset's description. */
let address: string;

before(async () => {
  stack = await startStack();
  address = `${stack.statusUrl}/dataset/${stack.dataset}`;
});
after(() => stack?.stop());

const services = 'http://labs.kasabi.com/ns/services#';

/** What is said about `subject` in Turtle: `predicate object`, in order. */
function statementsAbout(subject: string, turtle: string): Map<string, string> {
  const triples = new Parser({ format: 'text/turtle' }).parse(turtle);
  const about = triples.filter((triple) => triple.subject.value === subject);
  return new Map(about.map(({ predicate, object }) => [predicate.value, object.value]));
}

type RdfJson = Record<string, Record<string, { value: string }[]>>;

const describedFor = (accept: string, url = address, headers: Record<string, string> = {}) =>
  ask(url, { headers: { Accept: accept, ...headers } });

describe('a client that starts at the Turtle description', () => {
  it('finds both endpoints there, and both work', async () => {
    const headers = { X_KASABI_APIKEY: stack.key };
    const described = await describedFor('text/turtle', `${address}.ttl`, headers);
    assert.equal(described.status, 200, described.text);
    // The client takes the triples about the address it was given, to the letter.
    const statements = statementsAbout(address, described.text);

    const submitted = await ask(statements.get(`${services}jobsEndpoint`) ?? '', {
      method: 'POST',
      headers: { ...headers, Accept: '*/*', 'Content-Type': 'application/json' },
      body: JSON.stringify({ jobType: 'reset', startTime: inMs(0).replace(/\.\d+Z/, 'Z') }),
    });
    assert.equal(submitted.status, 202, submitted.text);
    const ended = await untilEnded(submitted.headers.get('location') ?? '', stack.key);
    assert.equal(ended.status, 'completed');

    // It always sends this parameter, which no one needs.
    const statusUrl = `${statements.get(`${services}statusEndpoint`)}?output=json`;
    const status = await describedFor('application/json', statusUrl, headers);
    assert.equal(status.text, '{"status":"draft","storageMode":"read-write","jobs":"running"}');
  });
});

describe('a client that starts at the JSON description', () => {
  it('insists on 200 there, takes the first subject, and finds both endpoints', async () => {
    const headers = { X_KASABI_APIKEY: stack.key };
    const described = await describedFor('application/json', address, headers);
    assert.equal(described.status, 200, described.text);
    const document: RdfJson = JSON.parse(described.text);
    const about = document[Object.keys(document)[0] ?? ''];
    const endpoint = (name: string) => about?.[`${services}${name}`]?.[0]?.value ?? '';

    const submitted = await ask(endpoint('jobsEndpoint'), {
      method: 'POST',
      headers: { ...headers, 'Content-Type': form },
      body: new URLSearchParams({ jobType: 'reset', startTime: inMs(0) }).toString(),
    });
    assert.equal(submitted.status, 202, submitted.text);
    await untilEnded(submitted.text, stack.key);

    const status = await ask(endpoint('statusEndpoint'), { headers });
    assert.equal(JSON.parse(status.text).storageMode, 'read-write');
  });
});

describe('the description', () => {
  it('is for everyone, whatever key they send', async () => {
    for (const headers of [{}, { X_KASABI_APIKEY: 'no such key' }]) {
      const { status, text } = await describedFor('text/turtle', `${address}?apikey=x`, headers);
      assert.equal(status, 200, text);
      assert.doesNotMatch(text, /"owner"/, 'it does not say whose it is');
    }
  });

  it('has the title as it is in every form, and says when it was published', async () => {
    const title = '"NASA" </title><script>alert("ü 🚀")</script>\n<http://a> <http://b> "\\';
    const pool = stack.database.pool();
    const { created } = await createDataset(pool, { code: 'moon', owner: stack.owner, title });
    const moon = `${stack.statusUrl}/dataset/moon`;
    const draft = statementsAbout(moon, (await ask(`${moon}.ttl`)).text);
    assert.equal(draft.get('http://purl.org/dc/terms/issued'), undefined);
    const { published } = await publishDataset(pool, 'moon');

    const toTheSecond = (date: Date | null) => date?.toISOString().replace(/\.\d+/, '');
    const expected = {
      'http://www.w3.org/1999/02/22-rdf-syntax-ns#type': 'http://rdfs.org/ns/void#Dataset',
      'http://purl.org/dc/terms/title': title,
      'http://purl.org/dc/terms/identifier': 'moon',
      'http://purl.org/dc/terms/created': toTheSecond(created),
      'http://purl.org/dc/terms/issued': toTheSecond(published),
      [`${services}jobsEndpoint`]: `${stack.apiUrl}/dataset/moon/jobs`,
      [`${services}statusEndpoint`]: `${moon}/status`,
    };
    const turtle = statementsAbout(moon, (await ask(`${moon}.ttl`)).text);
    assert.deepEqual(Object.fromEntries(turtle), expected);
    const json: RdfJson = JSON.parse((await ask(`${moon}.json`)).text);
    const values = Object.entries(json[moon] ?? {}).map(([predicate, [object]]) => [
      predicate,
      object?.value,
    ]);
    assert.deepEqual(Object.fromEntries(values), expected);

    const page = await ask(`${moon}.html`);
    assert.doesNotMatch(page.text, /<script/i);
    assert.match(page.text, /<h1[^>]*>&quot;NASA&quot; &lt;\/title&gt;&lt;script&gt;alert/);
    assert.ok(page.text.includes(`<link rel="alternate" type="text/turtle" href="${moon}.ttl">`));
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  });
});
