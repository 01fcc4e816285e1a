import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';

/*
 * What `kubectl kustomize` makes of our folders, by the few fields that they use: so that the manifests can be checked
 * where there is no kubectl. A field that isn't known here is refused. A test holds it to kubectl where there is one.
 */

const Operation = z.strictObject({
  op: z.enum(['add', 'replace', 'remove']),
  path: z.string().startsWith('/'),
  value: z.unknown().optional(),
});

const Kustomization = z.strictObject({
  apiVersion: z.literal('kustomize.config.k8s.io/v1beta1'),
  kind: z.literal('Kustomization'),
  namespace: z.string().optional(),
  resources: z.array(z.string()),
  images: z
    .array(z.strictObject({ name: z.string(), newName: z.string().optional(), newTag: z.string().optional() }))
    .default([]),
  patches: z
    .array(z.strictObject({ target: z.strictObject({ kind: z.string(), name: z.string() }), patch: z.string() }))
    .default([]),
});

/** A Kubernetes object as it stands in a manifest. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has a shape of its own, and the schemas judge it
  [field: string]: any;
}

const clusterWide = new Set(['Namespace']);

/** All objects of a folder with a `kustomization.yaml`. @throws Error at what kustomize, or this subset, doesn't take */
export function buildKustomization(folder: string): Manifest[] {
  const file = join(folder, 'kustomization.yaml');
  const { namespace, resources, images, patches } = Kustomization.parse(parse(readFileSync(file, 'utf8')));
  const manifests = resources.flatMap((resource) => readResource(join(folder, resource)));
  for (const { target, patch } of patches) {
    const fit = manifests.filter(({ kind, metadata }) => kind === target.kind && metadata.name === target.name);
    if (fit.length === 0) throw new Error(`${file}: there is no ${target.kind} ${target.name}`);
    for (const operation of z.array(Operation).parse(parse(patch))) for (const each of fit) apply(each, operation);
  }
  for (const manifest of manifests) {
    if (namespace !== undefined && manifest.kind === 'Namespace') manifest.metadata.name = namespace;
    if (namespace !== undefined && !clusterWide.has(manifest.kind)) manifest.metadata.namespace = namespace;
    for (const container of containersOf(manifest)) {
      const image = images.find(({ name }) => name === container.image.split(':')[0]);
      if (image) container.image = `${image.newName ?? image.name}${image.newTag ? `:${image.newTag}` : ''}`;
    }
  }
  return manifests;
}

/** The containers of a manifest that runs some, those that run first as well. */
export function containersOf(manifest: Manifest): Manifest['containers'][] {
  const pod = manifest.spec?.template?.spec;
  return pod ? [...(pod.initContainers ?? []), ...pod.containers] : [];
}

function readResource(path: string): Manifest[] {
  if (statSync(path).isDirectory()) return buildKustomization(path);
  return parseAllDocuments(readFileSync(path, 'utf8')).map((document) => {
    const [error] = document.errors;
    if (error) throw new Error(`${path}: ${error.message}`);
    return document.toJS();
  });
}

/** One operation of a JSON Patch (RFC 6902 section 4). */
function apply(manifest: Manifest, { op, path, value }: z.infer<typeof Operation>): void {
  const names = path.slice(1).split('/').map(nameOf);
  const last = names.pop() ?? '';
  // biome-ignore lint/suspicious/noExplicitAny: a path leads through objects and arrays alike
  const place = names.reduce<any>((at, name) => at?.[name], manifest);
  if (typeof place !== 'object' || place === null) throw new Error(`${path} leads nowhere`);
  if (op !== 'add' && !(last in place)) throw new Error(`${path} is not there to ${op}`);
  if (Array.isArray(place)) {
    if (op === 'add') place.splice(last === '-' ? place.length : Number(last), 0, value);
    else place.splice(Number(last), 1, ...(op === 'remove' ? [] : [value]));
  } else if (op === 'remove') delete place[last];
  else place[last] = value;
}

function nameOf(name: string): string {
  return name.replaceAll('~1', '/').replaceAll('~0', '~');
}
