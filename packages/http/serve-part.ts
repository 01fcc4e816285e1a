import type { Server, ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import { setImmediate as afterReading, setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@sallyport/logger';
import type { Express } from 'express';
import { Gauge, type Registry } from 'prom-client';
import { graceMs } from './kept-connections.ts';
import { nodeHttp } from './node-http.ts';
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
  /** How long a part that closes takes new connections all the same, so that whoever calls it can turn elsewhere first. */
  stopDelayMs?: number;
  /** Told that the part is about to stop, so that nothing that merely waits holds it up. */
  onClosing?: () => void;
  /** Closes what the app stands on; called when the last request has ended. */
  close: () => Promise<void>;
}

const drainMs = 8_000;
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
 * Serves a part and its ops port. Closing: not ready; with the delay, or without one when new connections are refused, each
 * answer is told to be the last of its connection; answers still owed are given (at most 8 s), then the rest closes.
 * @throws Error with one clear sentence when a port can't be had
 */
export async function servePart(options: ServeOptions): Promise<RunningPart> {
  const { name, host, port } = options;
  let closing = false;
  let parting = false;
  const owed = new Set<ServerResponse>();
  const server = nodeHttp.createServer(limits, (req, res) => {
    owed.add(res);
    res.once('close', () => owed.delete(res));
    if (parting) sayLast(res);
    options.app(req, res);
  });
  countConnections(server, options.registry);
  const ops = nodeHttp.createServer(limits, opsApp({ ...options, ready: () => !closing }));
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
  const dismiss = () => {
    parting = true;
    for (const res of owed) sayLast(res);
  };
  return {
    name,
    url: urlOf(server, host),
    opsUrl: urlOf(ops, host),
    async close() {
      closing = true;
      options.onClosing?.();
      if (options.stopDelayMs) {
        dismiss();
        await sleep(options.stopDelayMs);
      }
      await drain(server, dismiss);
      await options.close();
      ops.closeAllConnections();
      await new Promise((resolve) => ops.close(resolve));
    },
  };
}

function countConnections(server: Server, registry: Registry): void {
  const count = () =>
    new Promise<number>((resolve) => server.getConnections((error, connections) => resolve(error ? 0 : connections)));
  new Gauge({
    name: 'http_connections',
    help: 'Connections to the own port that are open',
    registers: [registry],
    async collect() {
      this.set(await count());
    },
  });
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
 * Stops listening, and waits until every connection has ended. Whoever is told to leave comes again at once, over a new
 * connection: so it is told only when it would be refused that one; a connection taken in the moment before would be
 * reset. `server.close()` would end kept ones at once, one on which a request is just arriving among them; so they have
 * half a second to be used once more, and are told then. What the kernel has taken while this process was busy is read
 * before anything is closed: of a turn of the loop, timers and signals come first, then what was received, then
 * `setImmediate`.
 */
async function drain(server: Server, dismiss: () => void): Promise<void> {
  await acceptWaiting(server);
  const done = new Promise((resolve) => NetServer.prototype.close.call(server, resolve));
  dismiss();
  const left = setInterval(async () => {
    await afterReading();
    server.closeIdleConnections();
  }, graceMs);
  const late = setTimeout(() => server.closeAllConnections(), drainMs);
  await done;
  clearInterval(left);
  clearTimeout(late);
}

/** Closing would reset connections that nobody has accepted yet, with the requests on them; a turn accepts one. */
async function acceptWaiting(server: Server): Promise<void> {
  const end = performance.now() + graceMs;
  let accepted = 0;
  const count = () => {
    accepted += 1;
  };
  server.on('connection', count);
  // What is left of this turn accepts none.
  await afterReading();
  for (let before = -1; before < accepted && performance.now() < end; ) {
    before = accepted;
    await afterReading();
  }
  server.off('connection', count);
}

function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
