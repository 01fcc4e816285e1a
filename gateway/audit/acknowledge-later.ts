// Acknowledges what requests took over, in batches and beside the requests. Best effort, in bounded memory: what is
// dropped here is fetched again by the collector, let in by nobody, and acknowledged then.
import type { ServiceClient } from '@sallyport/http/service-client';
import { outsideRequests } from '@sallyport/tracing';
import { acknowledge, acknowledgeBatch, type Service } from './acknowledge.ts';

/** Sooner than a collector would fetch what no answer seems to have brought. */
const everyMs = 1_000;
const most = 10_000;

export interface LaterAcknowledgements {
  /** Call it after the commit. */
  add(source: Service, ids: readonly string[]): void;
  close(): void;
}

export function acknowledgeLater(clients: Record<Service, Pick<ServiceClient, 'call'>>): LaterAcknowledgements {
  const queues = { users: createQueue(clients.users), otp: createQueue(clients.otp) };
  return {
    add: (source, ids) => queues[source].add(ids),
    close() {
      queues.users.close();
      queues.otp.close();
    },
  };
}

function createQueue(client: Pick<ServiceClient, 'call'>) {
  let waiting: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let busy = false;
  let closed = false;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const ids = waiting.splice(0, acknowledgeBatch);
    busy = true;
    await acknowledge(client, ids).catch(() => undefined);
    busy = false;
    plan();
  }

  function plan(): void {
    if (closed || busy || waiting.length === 0) return;
    if (waiting.length >= acknowledgeBatch) void flush();
    else timer ??= setTimeout(flush, everyMs);
  }

  return {
    add(ids: readonly string[]) {
      waiting.push(...ids.slice(0, most - waiting.length));
      outsideRequests(plan);
    },
    close() {
      closed = true;
      clearTimeout(timer);
      waiting = [];
    },
  };
}
