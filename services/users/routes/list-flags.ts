import { AccountId } from '@sallyport/contracts';
import { reply, route } from '@sallyport/http';
import { z } from 'zod';
import type { UsersContext } from '../context.ts';
import { listFlags } from '../store/list-flags.ts';

const beforeAll = '00000000-0000-0000-0000-000000000000';

const Page = z.object({
  after: AccountId.default(beforeAll),
  limit: z.coerce.number().int().min(1).max(1_000).default(500),
});

export const listFlagsRoute = route(
  { method: 'get', path: '/flags', query: Page },
  async ({ db }: UsersContext, { query }) => reply(200, { flags: await listFlags(db, query.after, query.limit) }),
);
