import type { ErrorDescription } from '@kasabi/protocol';
import type { JsonSchema } from '@kasabi/routes';
import { inline } from './docs-html.ts';
import { type Html, html } from './html.ts';

/** The values that a schema allows, in a few words. */
export function typeOf(schema: JsonSchema): string | Html {
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined) return html`<a href="#${name}">${name}</a>`;
  const [alternatives] = [schema['anyOf'], schema['allOf']].filter(Array.isArray);
  if (alternatives !== undefined) {
    const named = alternatives.filter(({ type, $ref }) => (type ?? $ref) !== undefined);
    return html`${named.map((it, index) => html`${index > 0 ? ' or ' : ''}${typeOf(it)}`)}`;
  }
  if (schema.enum !== undefined) return schema.enum.join(', ');
  const type = [schema.type ?? 'anything'].flat().join(' or ');
  const items = schema['items'] as JsonSchema | undefined;
  if (items !== undefined) return html`${type} of ${typeOf(items)}`;
  return [type, schema['format'] ?? []].flat().join(', ');
}

/** The documents in requests and answers, field by field. */
export function renderDocuments(schemas: Readonly<Record<string, JsonSchema>>): Html {
  const tables = Object.entries(schemas).map(([name, schema]) => {
    const fields = Object.entries(schema.properties ?? {}).map(
      ([field, it]) =>
        html`<tr><th scope="row"><code>${field}</code></th><td>${typeOf(it)}</td><td>${inline(it.description ?? '')}</td></tr>\n`,
    );
    return html`<h3 id="${name}">${name}</h3>
${schema.description && html`<p>${schema.description}</p>\n`}<div class="scroll"><table>
${fields}</table></div>
`;
  });
  return html`<h2 id="documents">Documents</h2>\n${tables}`;
}

/** Every error: what it means, and what to do about it. */
export function renderErrors(errors: Readonly<Record<string, ErrorDescription>>): Html {
  const entries = Object.entries(errors).map(
    ([type, { status, title, meaning, remedy }]) => html`<dt><code>${status}</code> ${title}</dt>
<dd><p><code>${type}</code></p><p>${inline(meaning)} ${inline(remedy)}</p></dd>
`,
  );
  return html`<h2 id="errors">Errors</h2>\n<dl>\n${entries}</dl>\n`;
}
