import { exampleValues, type OpenApiDocument, type Operation } from '@kasabi/routes';
import { type Html, html } from './html.ts';

/** A job from its request to its end. Its commands and examples are those of the operations. */
export function renderSession(document: OpenApiDocument): Html {
  const submit = operationOf(document, 'submitJob');
  const look = operationOf(document, 'getJob');
  const location = exampleOf(submit, 202, 'text/plain', 'accepted');
  const job = exampleOf(look, 200, 'application/json', 'completed');
  const { key, dataset } = exampleValues;
  return html`<section id="start">
<h2>A first session</h2>
<p>Request a job. Replace <code>${key}</code> with the API key of the dataset's owner, and <code>${dataset}</code> with the dataset's short code. This job is a reset: it deletes all data of the dataset.</p>
${commandOf(submit)}<p>The job is accepted, and will run. <code>Location</code> is where to watch it:</p>
<pre><code>HTTP/1.1 202 Accepted
Location: ${location}</code></pre>
<p>Follow <code>Location</code>, with the same key:</p>
${commandOf(look)}<pre><code>HTTP/1.1 200 OK
Content-Type: application/json; charset=utf-8

${JSON.stringify(job, null, 2)}</code></pre>
<p>A job that has not ended has a <code>Retry-After</code>: ask again then, <a href="#getJob">wait for the change</a>, or <a href="#watchJob">follow the job</a>. Until it starts, it can be <a href="#cancelJob">cancelled</a>.</p>
</section>
`;
}

function operationOf({ paths }: OpenApiDocument, id: string): Operation {
  const operations = Object.values(paths).flatMap((item) => [item.get, item.post, item.delete]);
  const found = operations.find((operation) => operation?.operationId === id);
  if (found === undefined) throw new Error(`There is no operation ${id}.`);
  return found;
}

const commandOf = (operation: Operation): Html =>
  html`<pre><code>${operation['x-codeSamples'][0]?.source}</code></pre>\n`;

function exampleOf(operation: Operation, status: number, type: string, name: string) {
  const response = operation.responses[status];
  return response !== undefined && 'content' in response
    ? response.content?.[type]?.examples?.[name]?.value
    : undefined;
}
