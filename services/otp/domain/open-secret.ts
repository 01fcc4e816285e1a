import type { OtpContext } from '../context.ts';
import type { Sealed } from '../store/sealed-columns.ts';
import { type Binding, open } from './sealed.ts';

/** Opens what a row holds; what can't be opened is a fault of the data or the keys and stands in the log as one. */
export function openSecret(
  { keys, logger }: OtpContext,
  userId: string,
  sealed: Sealed,
  binding: Binding,
): Buffer | undefined {
  const secret = open(keys, sealed, binding);
  if (!secret) logger.error({ user_id: userId, kind: binding[0], key_id: sealed.keyId }, 'secret unusable');
  return secret;
}
