// Ports are fixed before anything starts: the parts need each other's URLs, and a part that starts again must come back
// where it was. Health and metrics sit 1000 above their part, or on a free port where that one is taken.
import { setTimeout as sleep } from 'node:timers/promises';
import type { SupervisorConfig } from './config.ts';
import { findFreePort, probePort } from './free-port.ts';
import type { PartName } from './part-environment.ts';
import { StartError } from './start-error.ts';

export interface Ports {
  http: number;
  ops: number;
}

/** `patienceMs` is how long a busy port may take to become free, where the last run's parts are still leaving. */
export async function choosePorts(config: SupervisorConfig, patienceMs: number): Promise<Record<PartName, Ports>> {
  const { host, ports: wanted } = config;
  const named = Object.values(wanted).filter((port) => port !== 0);
  if (new Set(named).size < named.length) {
    throw new StartError('GATEWAY_PORT, USERS_PORT and OTP_PORT must differ.');
  }
  const deadline = Date.now() + patienceMs;
  const taken = [...named];
  const users = await choosePair('USERS_PORT', wanted.users);
  const otp = await choosePair('OTP_PORT', wanted.otp);
  const gateway = await choosePair('GATEWAY_PORT', wanted.gateway);
  return { users, otp, gateway };

  async function choosePair(variable: string, port: number): Promise<Ports> {
    const http = port === 0 ? await chooseFreePort() : await awaitPort(host, variable, port, deadline);
    const ops = port + 1000;
    if (port === 0 || ops > 65535 || taken.includes(ops)) return { http, ops: await chooseFreePort() };
    const tried = await probePort(host, ops);
    if ('fault' in tried) return { http, ops: await chooseFreePort() };
    taken.push(ops);
    return { http, ops };
  }

  async function chooseFreePort(): Promise<number> {
    const found = await findFreePort(host, taken);
    if ('fault' in found) throw explainHost(host, found.fault);
    taken.push(found.port);
    return found.port;
  }
}

async function awaitPort(host: string, variable: string, port: number, deadline: number): Promise<number> {
  for (;;) {
    const tried = await probePort(host, port);
    if ('port' in tried) return port;
    if (tried.fault === 'EACCES') throw new StartError(`Port ${port} on ${host} needs more rights: set ${variable}.`);
    if (tried.fault !== 'EADDRINUSE') throw explainHost(host, tried.fault);
    if (Date.now() > deadline) {
      throw new StartError(
        `Port ${port} on ${host} is in use: stop what uses it, or set ${variable} (0 takes a free one).`,
      );
    }
    await sleep(100);
  }
}

function explainHost(host: string, fault: string): StartError {
  return new StartError(`HOST ${host} is no address of this machine (${fault}).`);
}
