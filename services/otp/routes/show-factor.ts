import { AccountId } from '@sallyport/contracts';
import { reply, route } from '@sallyport/http';
import { z } from 'zod';
import type { OtpContext } from '../context.ts';
import { findFactor } from '../store/factors.ts';

const Params = z.object({ user_id: AccountId });

export const showFactorRoute = route(
  { method: 'get', path: '/factors/:user_id', params: Params },
  async ({ db }: OtpContext, { params }) => reply(200, await findFactor(db, params.user_id)),
);
