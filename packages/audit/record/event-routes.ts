import { type Route, reply, route, type ServiceCaller } from '@sallyport/http';
import type { Db } from '@sallyport/postgres';
import { z } from 'zod';
import { acknowledge, findPending } from './outbox.ts';

const Page = z.object({ limit: z.coerce.number().int().min(1).max(1_000).default(500) });
const Ids = z.object({ ids: z.array(z.uuid()).max(1_000) });

/** The two routes by which the gateway fetches what a service recorded and says what it took over. */
export function eventRoutes<Context extends { db: Db }>(schema: 'users' | 'otp'): Route<Context, ServiceCaller>[] {
  return [
    route({ method: 'get', path: '/events', query: Page, quiet: true }, async ({ db }: Context, { query }) =>
      reply(200, { events: await findPending(db, schema, query.limit) }),
    ),
    route(
      { method: 'post', path: '/events/acknowledge', body: Ids, quiet: true },
      async ({ db }: Context, { body }) => {
        await acknowledge(db, schema, body.ids);
        return reply(200, {});
      },
    ),
  ];
}
