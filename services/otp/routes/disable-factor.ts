import { otp } from '@sallyport/contracts';
import { reply, route } from '@sallyport/http';
import type { OtpContext } from '../context.ts';
import { disableFactor } from '../domain/disable-factor.ts';
import { replyRefusal, toUse } from './code-use.ts';

export const disableFactorRoute = route(
  { method: 'post', path: '/factors/disable', body: otp.UseCode },
  async (context: OtpContext, { body, context: request }) => {
    const use = await disableFactor(context, request, toUse(body));
    if (use.outcome !== 'accepted') return replyRefusal(use);
    return reply(200, {
      outcome: 'disabled',
      user_id: body.user_id,
      attempt_id: body.attempt_id,
      factor_version: use.settled.factorVersion,
      recovery_codes_left: 0,
      events: use.events,
    });
  },
);
