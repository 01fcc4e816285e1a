// Runs before the npm scripts, on whatever Node >= 20 is there and without dependencies, and promises that afterwards
// node_modules is what package-lock.json says: it compares the lock with the copy npm keeps of what it installed
// (written last, so a cut-off install counts as none), and runs npm only where the two differ. `npm install --no-save`
// takes versions and checksums from the lock and leaves it alone; unlike `npm ci` it bears a lock that lacks optional
// packages of other platforms. Of several starts at once, one installs and the others wait: a lock file whose owner
// keeps touching it. The pinned Node is linked here: npm 10, which leaves out its siblings for other platforms, removes
// the one link they share with it. stdout stays free for the ready line.
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const lockName = '.install.lock';
const staleMs = 30_000;

/** Whether `root`/node_modules holds what `root`/package-lock.json asks for on this platform. */
export function inSync(root, { platform = process.platform, arch = process.arch } = {}) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined) throw new Error('package-lock.json is missing or damaged: a fresh clone has it');
  if (installed === undefined) return false;
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.includes('node_modules/')) continue;
    const found = installed[path];
    if (found ? !same(entry, found) : isNeeded(entry, platform, arch)) return false;
    if (found && !existsSync(join(root, path))) return false;
  }
  return true;
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function same(entry, found) {
  return entry.version === found.version && entry.integrity === found.integrity && entry.link === found.link;
}

/** npm leaves optional packages out where they don't fit; only those made for exactly this platform are missed. */
function isNeeded(entry, platform, arch) {
  if (!entry.optional && !entry.devOptional) return true;
  if (!entry.os || !entry.cpu || entry.libc) return false;
  return [entry.os].flat().includes(platform) && [entry.cpu].flat().includes(arch);
}

async function install(root) {
  const lock = join(root, lockName);
  if (!(await takeLock(lock, () => inSync(root)))) return;
  const beat = setInterval(() => utimesSync(lock, new Date(), new Date()), 2_000);
  try {
    process.stderr.write('Installing what package-lock.json lists (npm install), once\n');
    await runNpm(root);
    dropUnusableNode(root);
  } finally {
    clearInterval(beat);
    rmSync(lock, { force: true });
  }
}

/** Resolves to true as the lock's owner, or to false once `done()` holds: another start did the work. */
async function takeLock(lock, done) {
  for (let told = false; ; told = true) {
    try {
      writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname() }), { flag: 'wx' });
      if (!done()) return true;
      rmSync(lock, { force: true });
      return false;
    } catch (error) {
      if (error.code !== 'EEXIST')
        throw new Error(`this folder can't be written (${error.code}), so nothing can be installed`);
    }
    if (!removeStale(lock) && !told) process.stderr.write('Waiting for the installation that runs already\n');
    await new Promise((wake) => setTimeout(wake, 200));
  }
}

/** Moves the lock of a dead owner away; should another start have renewed it meanwhile, it is put back. */
function removeStale(lock) {
  const before = readOwner(lock);
  if (before === undefined || isAlive(before)) return false;
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
    if (readOwner(aside)?.text !== before.text) linkSync(aside, lock);
  } catch {
    return false;
  } finally {
    rmSync(aside, { force: true });
  }
  return true;
}

function readOwner(lock) {
  try {
    const text = readFileSync(lock, 'utf8');
    return { text, touched: statSync(lock).mtimeMs };
  } catch {
    return undefined;
  }
}

function isAlive({ text, touched }) {
  if (Date.now() - touched > staleMs) return false;
  try {
    const { pid, host } = JSON.parse(text);
    if (host === hostname()) process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

function runNpm(root) {
  const script = process.env.npm_execpath;
  const isNpm = script !== undefined && /^npm(-cli)?\.c?js$/.test(basename(script));
  const [command, ...first] = isNpm ? [process.env.npm_node_execpath ?? process.execPath, script] : ['npm'];
  const args = [
    ...first,
    'install',
    '--no-save',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', process.stderr, 'inherit'] });
    child.once('error', (error) => fail(new Error(`npm could not be started (${error.code})`)));
    child.once('exit', (code) =>
      code === 0 ? done() : fail(new Error('npm install failed: its messages are above; the next start tries again')),
    );
  });
}

function dropUnusableNode(root) {
  const link = join(root, 'node_modules', '.bin', 'node');
  if (existsSync(link) && !runs(link)) rmSync(link);
}

function runs(node) {
  return spawnSync(node, ['--version']).status === 0;
}

/**
 * Makes `npm` scripts of `root` find the pinned Node, whatever npm made of its link. It needs glibc: where it can't run
 * there is no link, and the Node on the PATH has to do.
 */
export function linkPinnedNode(root, { platform = process.platform, arch = process.arch } = {}) {
  const link = join(root, 'node_modules', '.bin', 'node');
  if (existsSync(link)) return true;
  const names = [`node-${platform}-${arch}`, `node-bin-${platform}-${arch}`];
  const name = names.find((one) => existsSync(join(root, 'node_modules', one, 'bin', 'node')));
  if (name === undefined) return false;
  if (!runs(join(root, 'node_modules', name, 'bin', 'node'))) return false;
  const draft = `${link}.${process.pid}`;
  symlinkSync(join('..', name, 'bin', 'node'), draft);
  renameSync(draft, link);
  return true;
}

function checkNode() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return;
  throw new Error(
    `npm has no pinned Node.js for ${process.platform}-${process.arch}: install Node.js 24 or newer (this is ${process.versions.node})`,
  );
}

async function main() {
  const root = resolve(fileURLToPath(import.meta.url), '..', '..');
  try {
    if (!inSync(root)) await install(root);
    if (!linkPinnedNode(root)) checkNode();
  } catch (error) {
    process.stderr.write(`Sallyport: ${error.message}\n`);
    process.exitCode = 1;
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
