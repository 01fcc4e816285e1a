import { otp, type RequestContext, Unavailable } from '@sallyport/contracts';
import type { ServiceClient } from '@sallyport/http/service-client';
import type { z } from 'zod';

/** Pictures asked for at once: whoever wants more of them holds up no code. */
const mostDrawing = 32;

/** What the gateway asks of otp. A yes for another account or another attempt is no answer at all. */
export function createOtpClient(service: ServiceClient) {
  let drawing = 0;
  const useCode =
    <Answer extends object>(path: string, answer: z.ZodType<Answer>) =>
    async (context: RequestContext, body: otp.UseCode): Promise<Answer> =>
      matching(await service.call('POST', path, { answer, context, body }), body);

  return {
    startEnrolment: async (context: RequestContext, body: { user_id: string; username: string }) =>
      matching(await service.call('POST', '/enrolments', { answer: otp.EnrolmentStart, context, body }), body),

    confirmEnrolment: async (context: RequestContext, body: { user_id: string; attempt_id: string; otp: string }) =>
      matching(
        await service.call('POST', '/enrolments/confirm', { answer: otp.EnrolmentConfirmation, context, body }),
        body,
      ),

    findFactor: async (context: RequestContext, userId: string) =>
      matching(await service.call('GET', `/factors/${userId}`, { answer: otp.Factor, context }), { user_id: userId }),

    /** The pending enrolment of an account as a picture; undefined where none is pending. */
    async drawEnrolment(context: RequestContext, userId: string, type: 'image/png' | 'image/svg+xml') {
      if (drawing >= mostDrawing) throw new Unavailable('otp', { overloaded: true, retryAfterSeconds: 1 });
      drawing += 1;
      try {
        return await service.fetch('/qr_code', { context, subject: userId, type, none: 'no-pending-enrolment' });
      } finally {
        drawing -= 1;
      }
    },

    countWrongCodes: async (context: RequestContext, userId: string) =>
      matching(await service.call('GET', `/lanes/${userId}`, { answer: otp.WrongCodes, context }), { user_id: userId }),

    endLocks: async (context: RequestContext, userId: string) =>
      matching(await service.call('POST', `/lanes/${userId}/unlock`, { answer: otp.WrongCodes, context }), {
        user_id: userId,
      }),

    measureCoverage: (context: RequestContext) => service.call('GET', '/coverage', { answer: otp.Coverage, context }),

    resetFactor: async (context: RequestContext, body: otp.ResetFactor) =>
      matching(await service.call('POST', '/factors/reset', { answer: otp.FactorReset, context, body }), body),

    verifyCode: useCode('/codes/verify', otp.CodeVerification),
    disableFactor: useCode('/factors/disable', otp.FactorRemoval),
    regenerateRecoveryCodes: useCode('/recovery_codes', otp.Regeneration),
  };
}

export type OtpClient = ReturnType<typeof createOtpClient>;

/** Refuses an answer that speaks of somebody or something else than was asked. */
function matching<Answer extends object>(
  answer: Answer,
  asked: { user_id: string; attempt_id?: string; reset_id?: string },
): Answer {
  const wrongAccount = 'user_id' in answer && answer.user_id !== asked.user_id;
  const wrongAttempt = 'attempt_id' in answer && answer.attempt_id !== asked.attempt_id;
  const wrongReset = 'reset_id' in answer && answer.reset_id !== asked.reset_id;
  if (wrongAccount || wrongAttempt || wrongReset)
    throw new Unavailable('otp', { cause: new Error('an answer to another question') });
  return answer;
}
