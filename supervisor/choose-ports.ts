// Ports are fixed before anything starts: the parts need each other's URLs, and a part that starts again must come back
// where it was. Health and metrics sit 1000 above their part, or on a free port where that one is taken.
import { setTimeout as sleep } from 'node:timers/promises';
import type { SupervisorConfig } from './config.ts';
import { probePort } from './free-port.ts';
import type { PartName } from './part-environment.ts';
import { StartError } from './start-error.ts';

export interface Ports {
  http: number;
  ops: number;
}

/** `patienceMs` is how long a busy port may take to become free, where the last run's parts are still leaving. */
export async function choosePorts(config: SupervisorConfig, patienceMs: number): Promise<Record<PartName, Ports>> {
  const deadline = Date.now() + patienceMs;
  const users = await choosePair(config.host, 'USERS_PORT', config.ports.users, deadline);
  const otp = await choosePair(config.host, 'OTP_PORT', config.ports.otp, deadline);
  const gateway = await choosePair(config.host, 'GATEWAY_PORT', config.ports.gateway, deadline);
  refuseTwins([users, otp, gateway]);
  return { users, otp, gateway };
}

async function choosePair(host: string, variable: string, wanted: number, deadline: number): Promise<Ports> {
  const http = await choosePort(host, variable, wanted, deadline);
  if (wanted === 0 || wanted + 1000 > 65535) return { http, ops: 0 };
  const ops = await probePort(host, wanted + 1000);
  return { http, ops: 'port' in ops ? ops.port : 0 };
}

async function choosePort(host: string, variable: string, wanted: number, deadline: number): Promise<number> {
  const tried = await probePort(host, wanted);
  if ('port' in tried) return tried.port;
  if (tried.fault === 'EADDRINUSE') {
    if (Date.now() > deadline) {
      throw new StartError(
        `Port ${wanted} on ${host} is in use: stop what uses it, or set ${variable} (0 takes a free one).`,
      );
    }
    await sleep(100);
    return choosePort(host, variable, wanted, deadline);
  }
  if (tried.fault === 'EACCES') throw new StartError(`Port ${wanted} on ${host} needs more rights: set ${variable}.`);
  throw new StartError(`HOST ${host} is no address of this machine (${tried.fault}).`);
}

function refuseTwins(all: Ports[]): void {
  const taken = all.map((ports) => ports.http);
  if (new Set(taken).size < taken.length) {
    throw new StartError('GATEWAY_PORT, USERS_PORT and OTP_PORT must differ.');
  }
  for (const ports of all) if (taken.includes(ports.ops)) ports.ops = 0;
}
