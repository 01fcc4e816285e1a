import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import type { Endpoint, Endpoints } from './endpoints.ts';
import { type Answered, exchange } from './exchange.ts';

type Request = Pick<Dispatcher.DispatchOptions, 'method' | 'path' | 'headers' | 'body'>;

/** Connections to one instance: as many as users lets wait for a hash, so that it sees them all and says whose turn it is. */
export const mostConnections = 256;

/** Calls to one instance that wait for one of them. */
const mostQueued = 768;

/** Sends a request to the instance that is least busy, and on to the next one where no connection could be made. */
export async function sendOnce(endpoints: Endpoints, request: Request, deadlineMs: number): Promise<Answered> {
  const end = performance.now() + deadlineMs;
  const tried = new Set<Endpoint>();
  let failure: unknown;
  const ready = endpoints.ready();
  if (ready) await Promise.race([ready, sleep(deadlineMs, undefined, { ref: false })]);
  for (;;) {
    const endpoint = endpoints.choose(tried);
    if (endpoint === undefined || performance.now() >= end) throw failure ?? new Error('its name leads nowhere');
    try {
      return await sendTo(endpoint, request, Math.ceil(end - performance.now()));
    } catch (error) {
      if (!isUnsent(error) || performance.now() >= end) throw error;
      failure = error;
      tried.add(endpoint);
    }
  }
}

async function sendTo(endpoint: Endpoint, request: Request, deadlineMs: number): Promise<Answered> {
  // Only where it may be so: to count them takes longer than the rest.
  if (endpoint.calls >= mostConnections && endpoint.pool.stats.queued >= mostQueued)
    throw new Error('too many calls wait');
  endpoint.calls += 1;
  try {
    const answered = await exchange(endpoint.pool, request, deadlineMs);
    endpoint.failedAtMs = answered.headers.connection === 'close' ? performance.now() : undefined;
    return answered;
  } catch (error) {
    endpoint.failedAtMs = performance.now();
    throw error;
  } finally {
    endpoint.calls -= 1;
  }
}

/** Where no connection could be made, nobody has seen the call. */
function isUnsent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  return code === 'UND_ERR_CONNECT_TIMEOUT' || syscall === 'connect';
}
