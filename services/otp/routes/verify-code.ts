import { otp } from '@sallyport/contracts';
import { reply, route } from '@sallyport/http';
import type { OtpContext } from '../context.ts';
import { verifyCode } from '../domain/verify-code.ts';
import { replyRefusal, toUse } from './code-use.ts';

export const verifyCodeRoute = route(
  { method: 'post', path: '/codes/verify', body: otp.UseCode },
  async (context: OtpContext, { body, context: request }) => {
    const use = await verifyCode(context, request, toUse(body));
    if (use.outcome !== 'accepted') return replyRefusal(use);
    return reply(200, {
      outcome: 'accepted',
      user_id: body.user_id,
      attempt_id: body.attempt_id,
      factor_version: use.settled.factorVersion,
      recovery_codes_left: use.settled.recoveryCodesLeft,
      events: use.events,
    });
  },
);
