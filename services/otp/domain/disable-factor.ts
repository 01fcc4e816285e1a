import { createEvent, otpDisabled, record } from '@sallyport/audit/record';
import type { RequestContext } from '@sallyport/contracts';
import type { OtpContext } from '../context.ts';
import { claimCode } from '../store/claim-code.ts';
import { removeFactor } from '../store/factors.ts';
import { type CodeUse, type UseCode, useCode } from './use-code.ts';

/** Uses a code to take the factor away; the version rises. */
export async function disableFactor(
  context: OtpContext,
  request: RequestContext,
  use: UseCode,
): Promise<CodeUse<{ factorVersion: number }>> {
  const { userId } = use;
  const event = createEvent(otpDisabled({ id: userId }), request, context);
  const used = await useCode(context, request, use, (claim) =>
    context.db.transaction(async (tx) => {
      if (!(await claimCode(tx, claim))) return undefined;
      const factorVersion = await removeFactor(tx, userId, claim.factorVersion);
      await record(tx, 'otp', [event]);
      return { factorVersion };
    }),
  );
  return used.outcome === 'accepted' ? { ...used, events: [...used.events, event] } : used;
}
