import type { otp } from '@sallyport/contracts';
import { type Answer, reply } from '@sallyport/http';
import type { CodeRefusal, UseCode } from '../domain/use-code.ts';

/** The body of all three calls that use a code, in the words of the domain. */
export function toUse(body: otp.UseCode): UseCode {
  const { user_id: userId, lane, challenge, factor_version: factorVersion, code } = body;
  return { userId, lane, challenge, factorVersion, code };
}

export function replyRefusal(refusal: CodeRefusal): Answer {
  switch (refusal.outcome) {
    case 'rejected':
      return reply(200, { outcome: refusal.outcome, reason: refusal.reason, events: refusal.events });
    case 'locked':
      return reply(200, {
        outcome: refusal.outcome,
        retry_after_seconds: refusal.retryAfterSeconds,
        events: refusal.events,
      });
    default:
      return reply(200, { outcome: refusal.outcome });
  }
}
