import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';

/** A manifest, read from YAML. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; namespace?: string };
  // biome-ignore lint/suspicious/noExplicitAny: the schemas say what is in it.
  readonly spec: any;
  readonly data?: Readonly<Record<string, string>>;
}

interface Kustomization {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly resources: readonly string[];
  readonly images?: readonly { name: string; newName: string; newTag: string }[];
  readonly patches?: readonly {
    readonly target: { readonly kind: string; readonly name: string };
    readonly patch: string;
  }[];
}

interface Operation {
  readonly op: 'replace' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

function read<T>(file: string): T[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS() as T;
  });
}

const known = ['apiVersion', 'kind', 'namespace', 'resources', 'images', 'patches'];

/**
 * Renders a kustomization as `kubectl kustomize` does, which no test can run here: only what infra/kubernetes uses, and
 * anything else is an error. What the two render was compared once, with kubectl 1.34.
 */
export function render(folder: string): Manifest[] {
  const [kustomization] = read<Kustomization>(path.join(folder, 'kustomization.yaml'));
  if (kustomization === undefined) throw new Error(`${folder} has an empty kustomization.`);
  const unknown = Object.keys(kustomization).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw new Error(`${folder}: ${unknown.join(', ')} cannot be rendered.`);
  const { namespace, resources, images = [], patches = [] } = kustomization;
  const manifests = resources.flatMap((resource) => {
    const at = path.join(folder, resource);
    return resource.endsWith('.yaml') ? read<Manifest>(at) : render(at);
  });
  for (const { target, patch } of patches) {
    const [operations = []] = parseAllDocuments(patch).map((it) => it.toJS() as Operation[]);
    const name = new RegExp(`^(${target.name})$`);
    const patched = manifests.filter(
      (it) => it.kind === target.kind && name.test(it.metadata.name),
    );
    if (patched.length === 0) throw new Error(`${folder}: nothing is a ${target.kind} ${name}.`);
    for (const manifest of patched) for (const operation of operations) apply(manifest, operation);
  }
  for (const manifest of manifests) {
    if (namespace !== undefined && manifest.kind !== 'Namespace') {
      manifest.metadata.namespace = namespace;
    }
    for (const container of manifest.spec?.template?.spec?.containers ?? []) {
      const image = images.find(({ name }) => container.image.split(':')[0] === name);
      if (image !== undefined) container.image = `${image.newName}:${image.newTag}`;
    }
  }
  return manifests;
}

/** RFC 6902; the place has to be there. */
function apply(manifest: Manifest, { op, path: pointer, value }: Operation): void {
  const steps = pointer.split('/').slice(1);
  const last = steps.pop() ?? '';
  // biome-ignore lint/suspicious/noExplicitAny: a place in a manifest.
  let at: any = manifest;
  for (const step of steps) at = at[step];
  if (at?.[last] === undefined) throw new Error(`${manifest.metadata.name} has no ${pointer}.`);
  if (op === 'remove') delete at[last];
  else at[last] = value;
}
