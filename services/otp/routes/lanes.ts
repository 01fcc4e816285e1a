import { AccountId } from '@sallyport/contracts';
import { reply, route } from '@sallyport/http';
import { z } from 'zod';
import type { OtpContext } from '../context.ts';
import { countWrongCodes, endLocks } from '../domain/lanes.ts';

const Params = z.object({ user_id: AccountId });

export const countWrongCodesRoute = route(
  { method: 'get', path: '/lanes/:user_id', params: Params },
  async (context: OtpContext, { params }) => reply(200, await countWrongCodes(context, params.user_id)),
);

export const endLocksRoute = route(
  { method: 'post', path: '/lanes/:user_id/unlock', params: Params },
  async (context: OtpContext, { params }) => reply(200, await endLocks(context, params.user_id)),
);
