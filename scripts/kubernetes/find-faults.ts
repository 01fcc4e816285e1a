import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Manifest } from './build-kustomization.ts';

/*
 * Holds manifests to the schemas of Kubernetes, twice: the schemas say what must be there and of which type, and let
 * unknown fields pass, as the server does; the same schemas as types, with each manifest as a literal, refuse these.
 */

const root = join(import.meta.dirname, '../..');

const packages: Record<string, string> = {
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator/monitoring.coreos.com',
  'networking.k8s.io': 'kubernetes-models/networking.k8s.io',
};

/** What is wrong with the manifests, a line each. */
export async function findFaults(manifests: readonly Manifest[]): Promise<string[]> {
  const invalid = await Promise.all(manifests.map(findInvalid));
  const faults = invalid.flat();
  return faults.length > 0 ? faults : findUnknown(manifests);
}

async function findInvalid(manifest: Manifest): Promise<string[]> {
  const { kind, metadata, apiVersion } = manifest;
  try {
    const { [kind]: Model } = await import(`${moduleOf(apiVersion)}/${kind}`);
    new Model(manifest).validate();
    return [];
  } catch (error) {
    return [`${kind} ${metadata.name} (${apiVersion}): ${(error as Error).message}`];
  }
}

async function findUnknown(manifests: readonly Manifest[]): Promise<string[]> {
  const folder = await mkdtemp(join(root, 'node_modules/.manifests-'));
  try {
    const lines = manifests.flatMap(({ kind, apiVersion, ...rest }, at) => [
      `import type { I${kind} as Kind${at} } from '${moduleOf(apiVersion)}/${kind}';`,
      `export const manifest${at}: Kind${at} = ${JSON.stringify({ apiVersion, kind, ...rest })};`,
    ]);
    await writeFile(join(folder, 'manifests.ts'), lines.join('\n'));
    const options = { module: 'nodenext', target: 'esnext', strict: true, noEmit: true, types: [], skipLibCheck: true };
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, files: ['manifests.ts'] }),
    );
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    await promisify(execFile)(process.execPath, [tsc, '--pretty', 'false', '-p', folder], { maxBuffer: 2 ** 26 });
    return [];
  } catch (error) {
    const { stdout = '' } = error as { stdout?: string };
    const told = stdout.split('\n').filter((line) => line.includes('error TS'));
    if (told.length === 0) throw error;
    return told.map((line) => explain(line, manifests));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The compiler names a line; two of them are one manifest. */
function explain(line: string, manifests: readonly Manifest[]): string {
  const [, number = '0', message = line] = /manifests\.ts\((\d+),\d+\): error TS\d+: (.*)$/.exec(line) ?? [];
  const manifest = manifests[Math.ceil(Number(number) / 2) - 1];
  return manifest ? `${manifest.kind} ${manifest.metadata.name}: ${message}` : message;
}

function moduleOf(apiVersion: string): string {
  const [version = '', group = 'core'] = apiVersion.split('/').reverse();
  if (group === 'core') return `kubernetes-models/${version}`;
  return `${packages[group] ?? `kubernetes-models/${group}`}/${version}`;
}
