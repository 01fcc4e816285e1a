import { AccountId } from '@sallyport/contracts';
import { reply, route } from '@sallyport/http';
import { z } from 'zod';
import type { OtpContext } from '../context.ts';
import { pageFlags } from '../domain/page-flags.ts';

const Page = z.object({
  after: AccountId.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(500),
});

export const listFlagsRoute = route(
  { method: 'get', path: '/flags', query: Page },
  async (context: OtpContext, { query }) => reply(200, await pageFlags(context, query)),
);
