// Packs what other teams install: JavaScript and declarations, since Node strips no types under node_modules. Nothing else
// is built. `npm run pack [-- FOLDER]`, by default into dist-packages/.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const source = join(root, 'packages/audit');
const destination = resolve(process.argv[2] ?? join(root, 'dist-packages'));
const folder = mkdtempSync(join(tmpdir(), 'sallyport-pack-'));
try {
  const built = join(folder, 'package');
  mkdirSync(built);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(compilerOptions(built)));
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { stdio: 'inherit' });
  writeFileSync(join(built, 'package.json'), JSON.stringify(createManifest(), null, 2));
  cpSync(join(source, 'README.md'), join(built, 'README.md'));
  cpSync(join(root, 'LICENSE'), join(built, 'LICENSE'));
  cpSync(join(source, 'examples'), join(built, 'examples'), {
    recursive: true,
    filter: (path) => !path.endsWith('.test.ts'),
  });
  mkdirSync(destination, { recursive: true });
  const packing = ['pack', '--silent', '--ignore-scripts', '--pack-destination', destination];
  const name = execFileSync('npm', packing, { cwd: built, encoding: 'utf8' }).trim();
  process.stdout.write(`${join(destination, name)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

function compilerOptions(outDir: string) {
  return {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      rootDir: source,
      outDir,
      typeRoots: [join(root, 'node_modules/@types')],
    },
    files: [join(source, 'index.ts')],
    include: [],
  };
}

/** The package as others see it: what it is to the other parts of Sallyport stays here. */
function createManifest() {
  const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'));
  const { name, version, dependencies } = read('packages/audit/package.json');
  const { license } = read('package.json');
  return {
    name,
    version,
    description: 'Reads the audit events of Sallyport',
    license,
    type: 'module',
    exports: { '.': { types: './index.d.ts', default: './index.js' } },
    engines: { node: '>=20' },
    dependencies: Object.fromEntries(Object.entries(dependencies).filter(([one]) => !one.startsWith('@sallyport/'))),
  };
}
