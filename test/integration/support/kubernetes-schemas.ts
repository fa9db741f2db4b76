import type { Manifest } from './kustomize.ts';

interface Model {
  validate(): void;
}

/** Where the schemas of a group of the API are. */
const packageOf = (apiVersion: string): string =>
  apiVersion.startsWith('keda.sh/') ? '@kubernetes-models/keda' : 'kubernetes-models';

/**
 * What is wrong with a manifest by the schemas of Kubernetes's API or KEDA's: values of a wrong type, what is missing,
 * and fields that there are not, which the schemas themselves would let pass.
 */
export async function problemsOf(manifest: Manifest): Promise<string[]> {
  const { apiVersion, kind } = manifest;
  const models = await import(`${packageOf(apiVersion)}/${apiVersion}`);
  const Kind: (new (data: object) => Model) | undefined = models[kind];
  if (Kind === undefined) return [`${apiVersion} has no ${kind}`];
  const unread = new Set<string>();
  const model = new Kind(recording(manifest, '', unread));
  unread.delete('/apiVersion');
  unread.delete('/kind');
  try {
    model.validate();
  } catch (error) {
    return [`${kind} ${manifest.metadata.name}: ${error instanceof Error ? error.message : error}`];
  }
  return [...unread].map((field) => `${kind} ${manifest.metadata.name}: there is no ${field}`);
}

/** A copy whose fields leave `unread` when they are read: a validator reads each field that its schema has. */
function recording(value: unknown, place: string, unread: Set<string>): never {
  if (typeof value !== 'object' || value === null) return value as never;
  const copy: object = Array.isArray(value) ? [] : {};
  for (const [key, inner] of Object.entries(value)) {
    const at = `${place}/${key}`;
    const recorded = recording(inner, at, unread);
    if (place !== '') unread.add(at);
    Object.defineProperty(copy, key, {
      enumerable: true,
      get() {
        unread.delete(at);
        return recorded;
      },
    });
  }
  return copy as never;
}
