import { createEvent, otpLocked } from '@sallyport/audit/record';
import type { RequestContext } from '@sallyport/contracts';
import type { OtpContext } from '../context.ts';
import type { LockedEvent } from '../store/reserve-attempt.ts';

const count = '"count":1,';

/**
 * The event of a lock before its count is known: the statement that counts puts it in. In canonical JSON `count` comes
 * before everything that a person could have written, so that its first place is the right one.
 */
export function createLockedEvent(context: OtpContext, request: RequestContext, userId: string): LockedEvent {
  const { id, body } = createEvent(otpLocked({ id: userId }, 1), request, context);
  const at = body.indexOf(count);
  const before = `${body.slice(0, at)}"count":`;
  const after = `,${body.slice(at + count.length)}`;
  return { id, parts: [before, after], withCount: (value) => `${before}${value}${after}` };
}
