import type { RequestContext } from '@sallyport/contracts';
import type { OtpContext } from '../context.ts';
import { type Claimed, claimCode } from '../store/claim-code.ts';
import { type CodeUse, type UseCode, useCode } from './use-code.ts';

/** Uses a code for nothing but the proof. */
export function verifyCode(
  context: OtpContext,
  request: RequestContext,
  use: UseCode,
): Promise<CodeUse<Claimed & { factorVersion: number }>> {
  return useCode(context, request, use, async (claim) => {
    const claimed = await claimCode(context.db, claim);
    return claimed && { ...claimed, factorVersion: claim.factorVersion };
  });
}
