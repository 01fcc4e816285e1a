import { FlagQuery } from '@sallyport/contracts';
import { reply, route } from '@sallyport/http';
import type { OtpContext } from '../context.ts';
import { pageFlags } from '../domain/page-flags.ts';

export const listFlagsRoute = route(
  { method: 'get', path: '/flags', query: FlagQuery, quiet: true },
  async (context: OtpContext, { query }) => reply(200, await pageFlags(context, query)),
);
