import { otp } from '@sallyport/contracts';
import { reply, route } from '@sallyport/http';
import type { OtpContext } from '../context.ts';
import { resetFactor } from '../domain/reset-factor.ts';

export const resetFactorRoute = route(
  { method: 'post', path: '/factors/reset', body: otp.ResetFactor },
  async (context: OtpContext, { body, context: request }) => {
    const { outcome, factorVersion, events } = await resetFactor(context, request, body);
    const { user_id, reset_id } = body;
    return reply(200, { outcome, user_id, reset_id, factor_version: factorVersion, events });
  },
);
