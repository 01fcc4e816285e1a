import { loginFailed } from '@sallyport/audit/record';
import type { GatewayContext } from '../context.ts';
import type { Session } from '../store/sessions.ts';
import type { Asker } from './asker.ts';
import type { EventLog } from './event-log.ts';
import type { Limited } from './limited.ts';
import { askFactor, type Code, type CodeProof, type NoFactorProof, proveCode } from './prove-code.ts';
import { type PasswordProof, provePassword } from './prove-password.ts';

export type Refused =
  | { outcome: 'wrong-password' }
  | { outcome: 'wrong-code' }
  | Limited
  | { outcome: 'weak-password'; reason: string }
  | { outcome: 'ended' };

/**
 * Has the owner of a session prove the password and, where a factor is active, a code, both anew. The password comes
 * first: a wrong one spends and counts no code; a missing code counts as nothing. A session that users or otp have left
 * behind, which the fence may not know yet, is not proved back to life.
 */
export async function proveAgain(
  context: GatewayContext,
  asker: Asker,
  log: EventLog,
  session: Session,
  given: { password: string; code?: Code | undefined; newPassword?: string | undefined },
): Promise<Refused | { outcome: 'proved'; password: PasswordProof; second: CodeProof | NoFactorProof }> {
  const password = await proveOwnPassword(context, asker, log, session, given);
  if (password.outcome !== 'proved') return password;
  const factor = await askFactor(context, asker, password.proof.account);
  if (!factor.demanded) {
    if (factor.proof.factorVersion !== session.factorVersion) return { outcome: 'ended' };
    return { outcome: 'proved', password: password.proof, second: factor.proof };
  }
  if (given.code === undefined) return { outcome: 'wrong-code' };
  const second = await proveCode(context, asker, log, context.otp.verifyCode, {
    userId: session.userId,
    factorVersion: session.factorVersion,
    code: given.code,
  });
  if (second.outcome === 'proved') return { outcome: 'proved', password: password.proof, second: second.proof };
  await context.changes.note(log);
  return refuseCode(second);
}

/** The password alone, at the epoch of the session, with its failure noted. */
export async function proveOwnPassword(
  context: GatewayContext,
  asker: Asker,
  log: EventLog,
  session: Session,
  given: { password: string; newPassword?: string | undefined },
): Promise<Refused | { outcome: 'proved'; proof: PasswordProof }> {
  const { userId: accountId, username } = session;
  const claimant = { accountId, username, newPassword: given.newPassword };
  const password = await provePassword(context, asker, claimant, given.password);
  if (password.outcome === 'proved' && password.proof.account.epoch !== session.epoch) return { outcome: 'ended' };
  if (password.outcome !== 'rejected') return password;
  log.add(loginFailed({ id: accountId, username }, password.reason));
  await context.changes.note(log);
  return { outcome: 'wrong-password' };
}

export function refuseCode(
  second: { outcome: 'rejected' | 'overtaken' } | { outcome: 'locked'; retryAfterSeconds: number },
): Limited | { outcome: 'wrong-code' } | { outcome: 'ended' } {
  switch (second.outcome) {
    case 'locked':
      return { outcome: 'limited', limit: 'code', retryAfterSeconds: second.retryAfterSeconds };
    case 'overtaken':
      return { outcome: 'ended' };
    case 'rejected':
      return { outcome: 'wrong-code' };
  }
}
