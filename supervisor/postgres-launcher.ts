// PostgreSQL refuses to run as root, so root starts it as somebody else: the owner of the data, or `nobody` for new data.
// Where that one can't reach the binaries or the data (a checkout in /root, a folder of mode 0700), it gets the right to
// pass any folder, and no other; containers lack that one, but have the wider right to ignore modes. setpriv does this
// (access(2), which initdb asks, heeds such rights only without the set-uid fix-up), and also tells the kernel to stop
// PostgreSQL (SIGINT) when the supervisor dies. Which way works is tried, not guessed.
import { type ChildProcess, execFileSync, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { StartError } from './start-error.ts';

export interface Ids {
  uid: number;
  gid: number;
}

export interface Launcher {
  spawn(command: string, args: string[], options: SpawnOptions): ChildProcess;
  /** What `postgres --version` said. */
  version: string;
}

interface Way {
  prefix: string[];
  ids: Partial<Ids>;
}

/** Who `nobody` is here; undefined unless this is root. */
export function findOtherUser(): Ids | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const ask = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  try {
    return { uid: ask('-u'), gid: ask('-g') };
  } catch {
    throw new StartError('PostgreSQL refuses to run as root, and there is no user "nobody" here: set DATABASE_URL.');
  }
}

/** @throws StartError when no way lets `ids` run `postgres` and write to `folder` */
export function chooseLauncher(postgres: string, folder: string, ids: Ids | undefined): Launcher {
  let fault = '';
  for (const way of listWays(ids)) {
    const [command = '', ...args] = [...way.prefix, 'sh', '-c', 'test -w "$1" && "$0" --version', postgres, folder];
    const tried = spawnSync(command, args, { ...way.ids, cwd: '/', encoding: 'utf8' });
    if (tried.status === 0) return { version: tried.stdout.trim(), spawn: (...run) => launch(way, ...run) };
    fault = tried.error?.message || tried.stderr.trim().split('\n').at(-1) || fault;
  }
  const reason = fault === '' ? '' : ` (${fault})`;
  if (ids === undefined) throw new StartError(`The embedded PostgreSQL can't run here${reason}: set DATABASE_URL.`);
  throw new StartError(
    `PostgreSQL refuses to run as root, and user ${ids.uid} can't reach ${postgres} or ${folder}${reason}: ` +
      'start Sallyport as an ordinary user, or set DATABASE_URL.',
  );
}

function listWays(ids: Ids | undefined): Way[] {
  const dieWithUs = ['setpriv', '--pdeathsig', 'INT'];
  if (ids === undefined) return [dieWithUs, []].map((prefix) => ({ prefix, ids: {} }));
  const asOther = [...dieWithUs, `--reuid=${ids.uid}`, `--regid=${ids.gid}`, '--clear-groups'];
  const granted = ['+dac_read_search', '+dac_override'].map((right) => [
    ...asOther,
    '--securebits=+no_setuid_fixup',
    `--inh-caps=${right}`,
    `--ambient-caps=${right}`,
  ]);
  const [passFolders = [], ignoreModes = []] = granted;
  return [
    { prefix: asOther, ids: {} },
    { prefix: [], ids },
    { prefix: passFolders, ids: {} },
    { prefix: ignoreModes, ids: {} },
  ];
}

function launch(way: Way, binary: string, args: string[], options: SpawnOptions): ChildProcess {
  const [command = '', ...all] = [...way.prefix, binary, ...args];
  const env = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
  return spawn(command, all, { ...options, ...way.ids, env, cwd: '/' });
}
