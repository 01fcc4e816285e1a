import { otp } from '@sallyport/contracts';
import { reply, route } from '@sallyport/http';
import type { OtpContext } from '../context.ts';
import { confirmEnrolment } from '../domain/confirm-enrolment.ts';

export const confirmEnrolmentRoute = route(
  { method: 'post', path: '/enrolments/confirm', body: otp.ConfirmEnrolment },
  async (context: OtpContext, { body, context: request }) => {
    const result = await confirmEnrolment(context, request, { userId: body.user_id, code: body.otp });
    switch (result.outcome) {
      case 'confirmed':
        return reply(200, {
          outcome: result.outcome,
          user_id: body.user_id,
          attempt_id: body.attempt_id,
          factor_version: result.factorVersion,
          recovery_codes: result.recoveryCodes,
          events: result.events,
        });
      case 'rejected':
        return reply(200, { outcome: result.outcome, reason: result.reason, events: result.events });
      default:
        return reply(200, { outcome: result.outcome });
    }
  },
);
