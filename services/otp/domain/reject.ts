import { createEvent, otpFailed, otpReplayed, type ReasonOf, record } from '@sallyport/audit/record';
import type { RecordedEvent, RequestContext } from '@sallyport/contracts';
import type { OtpContext } from '../context.ts';

/** Why a code that was looked at is refused, as audit learns it. */
export type RejectionReason = ReasonOf<'sallyport.otp.failed' | 'sallyport.otp.replayed'>;

export interface Rejection {
  outcome: 'rejected';
  reason: 'wrong-code' | 'used-code' | 'spent-challenge';
  events: RecordedEvent[];
}

/** Refuses a code and records it: each code that was looked at leaves exactly one `failed` or `replayed`. */
export async function reject(
  context: OtpContext,
  request: RequestContext,
  userId: string,
  reason: RejectionReason,
  earlier: readonly RecordedEvent[] = [],
): Promise<Rejection> {
  const replayed = reason === 'used-code' || reason === 'spent-challenge';
  const account = { id: userId };
  const draft = replayed ? otpReplayed(account, reason) : otpFailed(account, reason);
  const event = createEvent(draft, request, context);
  await record(context.db, 'otp', [event]);
  return { outcome: 'rejected', reason: replayed ? reason : 'wrong-code', events: [...earlier, event] };
}
