import { createEvent, record, recoveryCodeRegenerated } from '@sallyport/audit/record';
import type { RequestContext } from '@sallyport/contracts';
import type { OtpContext } from '../context.ts';
import { claimCode } from '../store/claim-code.ts';
import { replaceRecoverySet } from '../store/recovery-sets.ts';
import { createRecoverySet } from './recovery-set.ts';
import { type CodeUse, type UseCode, useCode } from './use-code.ts';

/** Uses a code to get ten new recovery codes; the old ones are void. */
export async function regenerateCodes(
  context: OtpContext,
  request: RequestContext,
  use: UseCode,
): Promise<CodeUse<{ factorVersion: number; recoveryCodes: string[] }>> {
  const { userId } = use;
  const event = createEvent(recoveryCodeRegenerated({ id: userId }), request, context);
  const set = createRecoverySet(context, userId);
  const used = await useCode(context, request, use, (claim) =>
    context.db.transaction(async (tx) => {
      if (!(await claimCode(tx, claim))) return undefined;
      await replaceRecoverySet(tx, userId, set);
      await record(tx, 'otp', [event]);
      return { factorVersion: claim.factorVersion, recoveryCodes: set.codes };
    }),
  );
  return used.outcome === 'accepted' ? { ...used, events: [...used.events, event] } : used;
}
