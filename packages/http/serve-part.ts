import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import type { Logger } from '@sallyport/logger';
import type { Express } from 'express';
import type { Registry } from 'prom-client';
import { opsApp, type ReadinessCheck } from './ops-app.ts';
import { refuseGarbage } from './refuse-garbage.ts';
import type { RunningPart } from './run-part.ts';

export type { ReadinessCheck } from './ops-app.ts';

export interface ServeOptions {
  name: string;
  host: string;
  port: number;
  /** The port of health and metrics; by default the own port + 1000, or a free one. */
  opsPort?: number | undefined;
  app: Express;
  registry: Registry;
  logger: Logger;
  dependencies: Record<string, ReadinessCheck>;
  /** Closes what the app stands on; called when the last request has ended. */
  close: () => Promise<void>;
}

const drainMs = 8_000;
const graceMs = 500;
const takeMs = 4_000;
const inactivityMs = 30_000;

/** Slow senders end after these; slow readers and silent callers after 30 s without a byte. */
const limits = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 65_000,
};

/**
 * Serves a part and its ops port. Closing: not ready, no new connections, answers still owed are given
 * (at most 8 s), then the rest closes.
 * @throws Error with one clear sentence when a port can't be had
 */
export async function servePart(options: ServeOptions): Promise<RunningPart> {
  const { name, host, port } = options;
  let closing = false;
  const owed = new Set<ServerResponse>();
  const server = createServer(limits, (req, res) => {
    owed.add(res);
    res.once('close', () => owed.delete(res));
    if (closing) sayLast(res);
    options.app(req, res);
  });
  const ops = createServer(limits, opsApp({ ...options, ready: () => !closing }));
  for (const each of [server, ops]) each.setTimeout(inactivityMs).on('clientError', refuseGarbage);
  try {
    await listen(server, name, host, port);
    const taken = (server.address() as AddressInfo).port;
    await listen(ops, `${name} ops`, host, options.opsPort ?? (port === 0 ? 0 : taken + 1_000));
  } catch (error) {
    server.close();
    await options.close();
    throw error;
  }
  return {
    name,
    url: urlOf(server, host),
    opsUrl: urlOf(ops, host),
    async close() {
      closing = true;
      for (const res of owed) sayLast(res);
      await drain(server);
      await options.close();
      ops.closeAllConnections();
      await new Promise((resolve) => ops.close(resolve));
    },
  };
}

function listen(server: Server, name: string, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? `port ${port} on ${host} is in use` : error.message;
      reject(new Error(`${name}: ${why}`));
    });
    server.listen(port, host, resolve);
  });
}

/** Says that the connection ends with this answer: its client sends nothing more on it, and nobody waits for that. */
function sayLast(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('Connection', 'close');
}

/**
 * Takes what waits to be taken, stops listening, and waits until every connection has ended. `server.close()` would end
 * kept ones at once, one on which a request is just arriving among them; so they have half a second to be used once more,
 * and are told then.
 */
async function drain(server: Server): Promise<void> {
  const late = setTimeout(() => server.closeAllConnections(), drainMs);
  await takeWaiting(server);
  const done = new Promise((resolve) => NetServer.prototype.close.call(server, resolve));
  const left = setInterval(() => server.closeIdleConnections(), graceMs);
  await done;
  clearInterval(left);
  clearTimeout(late);
}

/**
 * Connections that the kernel has taken and this process has not yet are reset when listening ends. A turn of the event
 * loop takes one of them; after a turn that took none, there are none.
 */
async function takeWaiting(server: Server): Promise<void> {
  const end = performance.now() + takeMs;
  let took = true;
  const note = () => {
    took = true;
  };
  server.on('connection', note);
  // What is left of this turn looks for none.
  await new Promise(setImmediate);
  while (took && performance.now() < end) {
    took = false;
    await new Promise(setImmediate);
  }
  server.off('connection', note);
}

function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
