import { loginFailed, type ReasonOf } from '@sallyport/audit/record';
import type { GatewayContext } from '../context.ts';
import type { Challenge } from '../store/challenges.ts';
import { findDevice } from '../store/devices.ts';
import { isOvertaken } from '../store/fence.ts';
import { type Asker, inLaneOf } from './asker.ts';
import { EventLog } from './event-log.ts';
import { hashHandle } from './hash-handle.ts';
import { type IssuedAtLogin, issueSession } from './issue-session.ts';
import type { Limited } from './limited.ts';
import { refuseLimited } from './note-blocked.ts';
import { type Code, proveCode } from './prove-code.ts';
import { recalledPassword } from './prove-password.ts';

/*
 * Step two of a login, in this order: a try of the challenge is taken, and given back if the lane turns out to be
 * locked or no verdict comes; a challenge that the fence has overtaken spends no code and counts none; otp spends the
 * code; users confirms that the account is neither locked nor changed since the password was proved; the session is
 * issued under the fence, with the challenge's hash unique; the challenge ends. Whatever dies in between leaves no
 * session, and a code that was spent stays spent.
 */

export type AnswerResult =
  | { outcome: 'complete'; issued: IssuedAtLogin; wrongCodes: number }
  | { outcome: 'invalid-challenge' }
  | { outcome: 'wrong-code' }
  | Limited;

export async function answerChallenge(
  context: GatewayContext,
  asker: Asker,
  body: { challenge: string; code: Code },
): Promise<AnswerResult> {
  if (isLimited(asker)) return refuseLimited(context, asker, 'address', asker.limitedSeconds);
  const hash = hashHandle(body.challenge);
  const taken = await context.challenges.takeTry(hash);
  if (taken.state !== 'taken') {
    if (taken.state === 'unknown') await asker.guess.keep();
    return { outcome: 'invalid-challenge' };
  }
  const known = await withDevice(context, asker, taken.challenge).catch(giveBackAndThrow(context, hash));
  if (isLimited(known)) {
    await context.challenges.giveBackTry(hash);
    return refuseLimited(context, known, 'address', known.limitedSeconds, { id: taken.challenge.userId });
  }
  const log = new EventLog(context, asker.request);
  const result = await spendCode(context, known, log, hash, taken.challenge, body.code);
  if (result.outcome === 'complete') await context.challenges.end(hash).catch(() => {});
  return result;
}

/** A limited address is refused, unless a known device comes from it: whose, its challenge shows. */
function isLimited(asker: Asker): asker is Asker & { limitedSeconds: number } {
  return asker.limitedSeconds !== undefined && !asker.device;
}

const giveBackAndThrow = (context: GatewayContext, hash: string) => async (error: unknown) => {
  await context.challenges.giveBackTry(hash).catch(() => {});
  throw error;
};

/** In the lane of the device whose token came along, or else from which the password came. */
async function withDevice(context: GatewayContext, asker: Asker, { userId, deviceId }: Challenge): Promise<Asker> {
  const isOwner = (device: { userId: string }) => device.userId === userId;
  const now = inLaneOf(asker, isOwner);
  if (now.device || deviceId === undefined) return now;
  return inLaneOf({ ...asker, device: await findDevice(context.db, deviceId) }, isOwner);
}

async function spendCode(
  context: GatewayContext,
  asker: Asker,
  log: EventLog,
  hash: string,
  challenge: Challenge,
  code: Code,
): Promise<AnswerResult> {
  const { userId, factorVersion } = challenge;
  const fail = async (
    reason: ReasonOf<'sallyport.login.failed'>,
    outcome: 'invalid-challenge' | 'wrong-code',
  ): Promise<AnswerResult> => {
    log.add(loginFailed({ id: userId }, reason));
    await context.changes.note(log);
    return { outcome };
  };
  const decide = async () => {
    if (await isOvertaken(context.db, challenge)) return { outcome: 'overtaken' as const };
    return proveCode(context, asker, log, context.otp.verifyCode, {
      userId,
      challenge: hash,
      ...(factorVersion > 0 ? { factorVersion } : {}),
      code,
      tell: true,
    });
  };
  const second = await decide().catch(giveBackAndThrow(context, hash));
  if (second.outcome === 'locked') {
    await context.challenges.giveBackTry(hash);
    await context.changes.note(log);
    return { outcome: 'limited', limit: 'code', retryAfterSeconds: second.retryAfterSeconds };
  }
  if (second.outcome === 'overtaken') return fail('overtaken', 'invalid-challenge');
  if (second.outcome === 'rejected') {
    return fail(second.reason, second.reason === 'spent-challenge' ? 'invalid-challenge' : 'wrong-code');
  }
  const account = await context.users.findAccount(asker.request, userId);
  const password = account && recalledPassword(challenge, account);
  if (password === undefined) return fail('overtaken', 'invalid-challenge');
  const issued = await issueSession(context, asker, log, password, second.proof, hash, asker.device);
  return issued === undefined
    ? { outcome: 'invalid-challenge' }
    : { outcome: 'complete', issued, wrongCodes: second.answer.wrong_codes };
}
