import { otp, type RequestContext } from '@sallyport/contracts';
import { type Answer, reply, route } from '@sallyport/http';
import type { OtpContext } from '../context.ts';
import { disableFactor } from '../domain/disable-factor.ts';
import { regenerateCodes } from '../domain/regenerate-codes.ts';
import type { CodeRefusal, CodeUse, UseCode } from '../domain/use-code.ts';
import { verifyCode } from '../domain/verify-code.ts';

export const verifyCodeRoute = codeRoute('/codes/verify', 'accepted', verifyCode, (settled) => ({
  factor_version: settled.factorVersion,
  recovery_codes_left: settled.recoveryCodesLeft,
  wrong_codes: settled.wrongCodes,
}));

export const disableFactorRoute = codeRoute('/factors/disable', 'disabled', disableFactor, (settled) => ({
  factor_version: settled.factorVersion,
  recovery_codes_left: 0,
}));

export const regenerateCodesRoute = codeRoute('/recovery_codes', 'regenerated', regenerateCodes, (settled) => ({
  factor_version: settled.factorVersion,
  recovery_codes_left: settled.recoveryCodes.length,
  recovery_codes: settled.recoveryCodes,
}));

/** A call that uses a code: the body, the refusals and what a yes echoes are the same for all of them. */
function codeRoute<Settled>(
  path: string,
  outcome: string,
  use: (context: OtpContext, request: RequestContext, use: UseCode) => Promise<CodeUse<Settled>>,
  toAnswer: (settled: Settled) => object,
) {
  return route({ method: 'post', path, body: otp.UseCode }, async (context: OtpContext, { body, context: request }) => {
    const { user_id, attempt_id, lane, challenge, factor_version: factorVersion, tell, code } = body;
    const used = await use(context, request, { userId: user_id, lane, challenge, factorVersion, tell, code });
    if (used.outcome !== 'accepted') return replyRefusal(used);
    return reply(200, { outcome, user_id, attempt_id, ...toAnswer(used.settled), events: used.events });
  });
}

function replyRefusal(refusal: CodeRefusal): Answer {
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
