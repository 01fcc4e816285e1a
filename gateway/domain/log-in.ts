import { loginChallenged, loginFailed } from '@sallyport/audit/record';
import type { Account } from '@sallyport/contracts';
import type { GatewayContext } from '../context.ts';
import { type Asker, inLaneOf } from './asker.ts';
import { EventLog } from './event-log.ts';
import { hashHandle } from './hash-handle.ts';
import { type IssuedAtLogin, issueSession } from './issue-session.ts';
import type { Limited } from './limited.ts';
import { refuseCode } from './prove-again.ts';
import { askFactor, type Code, proveCode } from './prove-code.ts';
import { provePassword } from './prove-password.ts';

/*
 * Step one of a login, and what comes next. The password first: whatever is wrong with it is one answer, and a code
 * that came along isn't looked at. Then: no factor, a session; a factor and a code, both doors at once; a factor and
 * no code, a challenge, which is no session and opens none (NIST SP 800-63B 2.1, promise 2).
 */

export type LoginResult =
  | { outcome: 'complete'; issued: IssuedAtLogin; wrongCodes: number }
  | { outcome: 'challenged'; challenge: string; expiresInSeconds: number }
  | { outcome: 'wrong-password' }
  | { outcome: 'wrong-code' }
  | Limited;

export async function logIn(
  context: GatewayContext,
  stranger: Asker,
  body: { username: string; password: string; code?: Code | undefined },
): Promise<LoginResult> {
  const asker = inLaneOf(stranger, (device) => device.username === body.username);
  const log = new EventLog(context, asker.request);
  const password = await provePassword(context, asker, { username: body.username }, body.password);
  if (password.outcome === 'limited') return password;
  if (password.outcome === 'weak-password') throw new Error('users judged a new password where there is none');
  if (password.outcome !== 'proved') {
    const { accountId: id, reason } = password;
    log.add(loginFailed(id === null ? null : { id, username: body.username }, reason));
    await context.changes.note(log);
    return { outcome: 'wrong-password' };
  }
  const { proof } = password;
  const factor = await askFactor(context, asker, proof.account);
  if (!factor.demanded) {
    const issued = await issueSession(context, asker, log, proof, factor.proof, null, asker.device);
    return issued === undefined ? { outcome: 'wrong-password' } : { outcome: 'complete', issued, wrongCodes: 0 };
  }
  if (body.code === undefined) return challenge(context, asker, log, proof.account, factor.factorVersion);

  const second = await proveCode(context, asker, log, context.otp.verifyCode, {
    userId: proof.account.id,
    factorVersion: factor.factorVersion,
    code: body.code,
    tell: true,
  });
  if (second.outcome !== 'proved') {
    if (second.outcome !== 'locked') {
      log.add(loginFailed(proof.account, 'reason' in second ? second.reason : second.outcome));
    }
    await context.changes.note(log);
    const refused = refuseCode(second);
    // The same answer for all: nobody has a session here that could have ended.
    return refused.outcome === 'ended' ? { outcome: 'wrong-code' } : refused;
  }
  const issued = await issueSession(context, asker, log, proof, second.proof, null, asker.device);
  return issued === undefined
    ? { outcome: 'wrong-password' }
    : { outcome: 'complete', issued, wrongCodes: second.answer.wrong_codes };
}

async function challenge(
  context: GatewayContext,
  asker: Asker,
  log: EventLog,
  account: Account,
  factorVersion: number,
): Promise<LoginResult> {
  const handle = context.randomBytes(32).toString('base64url');
  const { CHALLENGE_SECONDS: expiresInSeconds, CHALLENGE_TRIES: tries } = context.config;
  const expiresAt = context.now() + expiresInSeconds * 1_000;
  log.add(loginChallenged(account));
  // Nothing is guessed any more.
  asker.guess.leave();
  // Both before the handle is given out; until then the challenge is nobody's.
  await Promise.all([
    context.challenges.create(
      hashHandle(handle),
      { userId: account.id, epoch: account.epoch, factorVersion, deviceId: asker.device?.id, expiresAt },
      tries === 0 ? Number.MAX_SAFE_INTEGER : tries,
    ),
    context.changes.note(log),
  ]);
  return { outcome: 'challenged', challenge: handle, expiresInSeconds };
}
