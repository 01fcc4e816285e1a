import { AccountId } from '@sallyport/contracts';
import { reply, route } from '@sallyport/http';
import { z } from 'zod';
import type { OtpContext } from '../context.ts';
import { showFactor } from '../domain/show-factor.ts';

const Params = z.object({ user_id: AccountId });

export const showFactorRoute = route(
  { method: 'get', path: '/factors/:user_id', params: Params },
  async (context: OtpContext, { params }) => reply(200, await showFactor(context, params.user_id)),
);
