import { otp } from '@sallyport/contracts';
import { reply, route } from '@sallyport/http';
import type { OtpContext } from '../context.ts';
import { regenerateCodes } from '../domain/regenerate-codes.ts';
import { replyRefusal, toUse } from './code-use.ts';

export const regenerateCodesRoute = route(
  { method: 'post', path: '/recovery_codes', body: otp.UseCode },
  async (context: OtpContext, { body, context: request }) => {
    const use = await regenerateCodes(context, request, toUse(body));
    if (use.outcome !== 'accepted') return replyRefusal(use);
    return reply(200, {
      outcome: 'regenerated',
      user_id: body.user_id,
      attempt_id: body.attempt_id,
      factor_version: use.settled.factorVersion,
      recovery_codes_left: use.settled.recoveryCodes.length,
      recovery_codes: use.settled.recoveryCodes,
      events: use.events,
    });
  },
);
