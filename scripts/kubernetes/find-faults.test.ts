import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildKustomization, type Manifest } from './build-kustomization.ts';
import { findFaults } from './find-faults.ts';

const base = join(import.meta.dirname, '../../deploy/kubernetes/base');

function altered(kind: string, alter: (manifest: Manifest) => void): Manifest[] {
  const manifest = buildKustomization(base).find((one) => one.kind === kind);
  assert.ok(manifest);
  alter(manifest);
  return [manifest];
}

test('finds a wrong type, a field that is missing, and one that Kubernetes does not know', async () => {
  const first = ({ spec }: Manifest) => spec.template.spec.containers[0];
  const faults = await Promise.all([
    findFaults(altered('Deployment', (it) => Object.assign(first(it).ports[0], { containerPort: '8081' }))),
    findFaults(altered('Deployment', ({ spec }) => delete spec.selector)),
    findFaults(altered('Deployment', (it) => Object.assign(first(it), { readinesProbe: {} }))),
    findFaults(altered('NetworkPolicy', ({ spec }) => Object.assign(spec, { egres: [] }))),
    findFaults(altered('Job', (it) => Object.assign(it, { apiVersion: 'batch/v0' }))),
  ]);
  const wanted = [/containerPort must be integer/, /selector/, /readinesProbe/, /"egres"/, /Job migrate \(batch\/v0\)/];
  for (const [at, pattern] of wanted.entries()) {
    assert.equal(faults[at]?.length, 1);
    assert.match(faults[at]?.[0] ?? '', pattern);
  }
  assert.match(faults[2]?.[0] ?? '', /^Deployment users: /);
});
