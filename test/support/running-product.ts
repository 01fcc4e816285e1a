// `npm start` in a clone, on free ports.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Api, createApi } from './api.ts';
import { type Ending, type NpmScript, runNpm } from './npm-script.ts';
import { commandOf, waitForEnd } from './servers/processes.ts';
import { until } from './until.ts';

export type PartName = 'users' | 'otp' | 'gateway';

export type RunningProduct = NpmScript & {
  url: string;
  api: Api;
  /** How long it took from the command to the ready line. */
  startedInMs: number;
  dataFolder: string;
  /** A part's or the supervisor's process. */
  find(name: PartName | 'postgres' | 'supervisor'): number;
  /** Waits for the end, and says which processes and ports outlived it. */
  end(): Promise<Ending & { left: string[] }>;
};

export const freePorts = { GATEWAY_PORT: '0', USERS_PORT: '0', OTP_PORT: '0' };

/** Resolves once it says that it is ready. */
export async function startProduct(folder: string, env: Record<string, string> = {}): Promise<RunningProduct> {
  const from = performance.now();
  const script = runNpm(folder, ['start'], { ...freePorts, ...env });
  try {
    const [, url = ''] = await script.printed(/^Sallyport is ready.* (http:\S+)/);
    const startedInMs = performance.now() - from;
    const [health = ''] = await script.printed(/^ *health .*/);
    const dataFolder = join(folder, env.DATA_DIR ?? '.data');
    const urls = [url, ...health.matchAll(/http:\/\/[\d.]+:\d+/g)].map(String);
    const all = script.pids();
    return { ...script, url, api: createApi(url), startedInMs, dataFolder, find, end };

    function find(name: PartName | 'postgres' | 'supervisor'): number {
      if (name === 'postgres')
        return Number(readFileSync(join(dataFolder, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
      const mark = name === 'supervisor' ? 'supervisor/main.ts' : `sallyport-${name} `;
      const pid = script.pids().find((one) => commandOf(one).includes(mark) && !commandOf(one).startsWith('sh '));
      if (pid === undefined) throw new Error(`${name} doesn't run`);
      return pid;
    }

    async function end(): Promise<Ending & { left: string[] }> {
      const pids = [...new Set([...all, ...script.pids()])];
      const ending = await script.ended;
      await waitForEnd(pids, 10_000);
      const left = [...pids.map(commandOf), ...(await Promise.all(urls.map((one) => findListener(one))))];
      return { ...ending, left: left.filter((one) => one !== '') };
    }
  } catch (error) {
    await script[Symbol.asyncDispose]();
    throw error;
  }
}

/** Waits until a part runs again as another process. */
export function cameBack(product: RunningProduct, name: PartName | 'postgres', before: number): Promise<number> {
  const look = () => {
    try {
      const pid = product.find(name);
      return pid !== before && pid;
    } catch {
      return false;
    }
  };
  return until(`${name} runs again`, look);
}

function findListener(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once('error', () => resolve(''));
    socket.once('connect', () => {
      socket.destroy();
      resolve(`${url} still answers`);
    });
  });
}
