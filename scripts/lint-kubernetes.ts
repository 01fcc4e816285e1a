import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildKustomization } from './kubernetes/build-kustomization.ts';
import { findFaults } from './kubernetes/find-faults.ts';

const root = join(import.meta.dirname, '../deploy/kubernetes');
const overlays = readdirSync(join(root, 'overlays')).map((name) => `overlays/${name}`);
const folders = ['base', 'monitoring', ...overlays];

const built = folders.map((folder) => buildKustomization(join(root, folder)));
const faults = await findFaults(built.flat());
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
