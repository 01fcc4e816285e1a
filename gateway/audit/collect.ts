// Fetches what services recorded and no answer has brought yet. Order: take over, commit, and only
// then acknowledge. A collector that dies in between fetches the same again and audit_seen lets nothing in twice. An id
// that comes with other bytes than before is an alarm: the first ones stay, the others go to quarantine.
import { EventPage } from '@sallyport/contracts';
import type { ServiceClient } from '@sallyport/http/service-client';
import type { Logger } from '@sallyport/logger';
import type { Queryable } from '@sallyport/postgres';
import { acknowledge, type Service } from './acknowledge.ts';
import { takeOver } from './store/outbox.ts';
import { systemContext } from './system-context.ts';

const pageSize = 500;

/** Takes over one page of a service's events. Returns how many were new, and whether there may be more. */
export async function collectPage(options: {
  db: Pick<Queryable, 'query'>;
  source: Service;
  client: Pick<ServiceClient, 'call'>;
  logger: Logger;
  /** Told after the commit when something is new. */
  onTaken: () => void;
}): Promise<{ taken: number; again: boolean }> {
  const { db, source, client, logger } = options;
  const path = `/events?limit=${pageSize}`;
  const page = await client.call('GET', path, { answer: EventPage, context: systemContext() });
  if (page.events.length === 0) return { taken: 0, again: false };
  const events = page.events.map((event) => ({ source, ...event }));
  const { fresh, altered } = await takeOver(db, events);
  if (altered.length > 0) logger.error({ source, event_ids: altered }, 'audit events were altered at their source');
  if (fresh.length > 0) options.onTaken();
  await acknowledge(
    client,
    events.map((event) => event.id),
  );
  return { taken: fresh.length, again: events.length === pageSize };
}
