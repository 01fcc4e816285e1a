// The image of the Dockerfile without an engine: its files in a folder, by the same rules and the same command.
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { dirname, join, matchesGlob, relative } from 'node:path';
import { repositoryFolder } from '../../../supervisor/repository-folder.ts';

/** Of the Dockerfile's last stage. */
export interface Image {
  environment: Record<string, string>;
  user: string | undefined;
  stopSignal: string | undefined;
  healthCheck: string[];
}

const quietly = ['--prefer-offline', '--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--loglevel=error'];

const dockerfile = () => readFileSync(join(repositoryFolder, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ');

export function readImage(): Image {
  const stage =
    dockerfile()
      .split(/^FROM /m)
      .at(-1) ?? '';
  const word = (instruction: string) => new RegExp(`^${instruction} (\\S+)$`, 'm').exec(stage)?.[1];
  const variables = [...stage.matchAll(/^ENV (\w+)=(\S*)$/gm)].map(([, name, value]) => [name, value]);
  return {
    environment: Object.fromEntries(variables),
    user: word('USER'),
    stopSignal: word('STOPSIGNAL'),
    healthCheck: JSON.parse(/^HEALTHCHECK .*?CMD (\[.*\])$/m.exec(stage)?.[1] ?? '[]'),
  };
}

/**
 * Copies what the build's context holds into `folder` and installs there what the Dockerfile installs.
 * @returns why it couldn't, where that is the network's fault; else false
 */
export function buildImage(folder: string): string | false {
  const isIncluded = readIgnoreRules();
  cpSync(repositoryFolder, folder, {
    recursive: true,
    filter: (path) => path === repositoryFolder || isIncluded(relative(repositoryFolder, path)),
  });
  const install = /^RUN --mount=\S+ (npm .*)$/m.exec(dockerfile())?.[1];
  if (install === undefined) throw new Error('the Dockerfile installs nothing');
  const [command = '', ...args] = install.trim().split(/\s+/);
  const { status, stderr } = spawnSync(command, [...args, ...quietly], {
    cwd: folder,
    env: { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, HOME: process.env.HOME },
    encoding: 'utf8',
  });
  if (status === 0) return false;
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|ETIMEDOUT/.test(stderr)) return "npm's registry can't be reached";
  throw new Error(`${install} failed:\n${stderr}`);
}

/** Docker's rules: the last pattern that fits a path or a folder above it decides. */
function readIgnoreRules(): (path: string) => boolean {
  const lines = readFileSync(join(repositoryFolder, '.dockerignore'), 'utf8').split('\n');
  const patterns = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return (path) => {
    const parts = path.split('/');
    const above = parts.map((_, at) => parts.slice(0, at + 1).join('/'));
    const last = patterns.findLast((pattern) => above.some((one) => matchesGlob(one, pattern.replace(/^!/, ''))));
    return last === undefined || last.startsWith('!');
  };
}
