import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { findProgram } from '../../test/support/servers/find-servers.ts';
import { buildKustomization, type Manifest } from './build-kustomization.ts';

const root = join(import.meta.dirname, '../../deploy/kubernetes');
const kubectl = findProgram('kubectl');

const inOrder = (manifests: Manifest[]) =>
  manifests.toSorted((a, b) => (`${a.kind} ${a.metadata.name}` < `${b.kind} ${b.metadata.name}` ? -1 : 1));

for (const folder of ['base', 'monitoring', 'overlays/small', 'overlays/production']) {
  test(`makes of ${folder} what kubectl makes`, { skip: kubectl ? false : 'kubectl is not installed' }, () => {
    const text = execFileSync(kubectl ?? '', ['kustomize', join(root, folder)], { encoding: 'utf8' });
    const theirs = parseAllDocuments(text).map((document) => document.toJS() as Manifest);
    assert.deepEqual(inOrder(buildKustomization(join(root, folder))), inOrder(theirs));
  });
}

test('refuses a field that it does not know, and a patch that leads nowhere', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-kustomize-'));
  const write = (more: string) =>
    writeFileSync(
      join(folder, 'kustomization.yaml'),
      `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [one.yaml]\n${more}`,
    );
  writeFileSync(
    join(folder, 'one.yaml'),
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: one }\ndata: { A: "1" }\n',
  );
  const patch = (name: string, path: string) =>
    write(
      `patches:\n  - target: { kind: ConfigMap, name: ${name} }\n    patch: '[{ op: replace, path: ${path}, value: "2" }]'\n`,
    );
  try {
    write('namePrefix: x-\n');
    assert.throws(() => buildKustomization(folder), /namePrefix/);
    patch('two', '/data/A');
    assert.throws(() => buildKustomization(folder), /there is no ConfigMap two/);
    patch('one', '/data/B');
    assert.throws(() => buildKustomization(folder), /\/data\/B is not there to replace/);
    patch('one', '/data/A');
    assert.deepEqual(buildKustomization(folder)[0]?.data, { A: '2' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
