import { loginFailed, type ReasonOf } from '@sallyport/audit/record';
import type { GatewayContext } from '../context.ts';
import type { Challenge } from '../store/challenges.ts';
import { type Device, findStanding } from '../store/devices.ts';
import { type Asker, inLaneOf } from './asker.ts';
import { fitsDevice, parseDeviceToken } from './device-token.ts';
import { EventLog } from './event-log.ts';
import { hashHandle } from './hash-handle.ts';
import { type IssuedAtLogin, issueSession } from './issue-session.ts';
import type { Limited } from './limited.ts';
import { refuseAddress } from './note-blocked.ts';
import { type Code, proveCode } from './prove-code.ts';
import { type PasswordProof, recalledPassword } from './prove-password.ts';
import { recogniseDevice } from './recognise-device.ts';

/*
 * Step two of a login, in this order: a try of the challenge is taken, and given back if the lane turns out to be
 * locked or no verdict comes; users confirms that the account is neither locked nor changed since the password was proved,
 * and the fence that nothing has overtaken the challenge, else no code is spent and none counted; otp spends the code; the
 * session is issued under the fence, which refuses what has changed since users was asked, with the challenge's hash
 * unique; the challenge ends. Whatever dies in between leaves no session, and a code that was spent stays spent.
 */

export type AnswerResult =
  | { outcome: 'complete'; issued: IssuedAtLogin; wrongCodes: number }
  | { outcome: 'invalid-challenge' }
  | { outcome: 'wrong-code' }
  | Limited;

export async function answerChallenge(
  context: GatewayContext,
  asker: Asker,
  body: { challenge: string; code: Code; deviceToken: string | undefined },
): Promise<AnswerResult> {
  const hash = hashHandle(body.challenge);
  const taken = await context.challenges.takeTry(hash);
  if (taken.state !== 'taken') {
    const refused = await refuseUnlessKnown(context, asker, body.deviceToken);
    if (refused) return refused;
    if (taken.state === 'unknown') await asker.guess.keep();
    return { outcome: 'invalid-challenge' };
  }
  const { challenge } = taken;
  const refused = await refuseUnlessKnown(context, asker, body.deviceToken, challenge.userId).catch(
    giveBackAndThrow(context, hash),
  );
  if (refused) {
    await context.challenges.giveBackTry(hash);
    return refused;
  }
  const log = new EventLog(context, asker.request);
  const result = await spendCode(context, asker, log, { ...body, hash, challenge });
  if (result.outcome === 'complete') void context.challenges.end(hash).catch(() => {});
  return result;
}

const giveBackAndThrow = (context: GatewayContext, hash: string) => async (error: unknown) => {
  await context.challenges.giveBackTry(hash).catch(() => {});
  throw error;
};

/** The refusal by a limited address, unless the token of a known device came along: where a user is given, of his. */
async function refuseUnlessKnown(
  context: GatewayContext,
  asker: Asker,
  deviceToken: string | undefined,
  userId?: string,
): Promise<Limited | undefined> {
  if ((await asker.limitedSeconds()) === undefined) return undefined;
  const brought = { ...asker, device: await recogniseDevice(context, deviceToken) };
  const now = userId === undefined ? brought : inLaneOf(brought, (device) => device.userId === userId);
  return refuseAddress(context, now, brought.device && userId !== undefined ? { id: userId } : undefined);
}

interface Answering {
  hash: string;
  challenge: Challenge;
  code: Code;
  deviceToken: string | undefined;
}

async function spendCode(
  context: GatewayContext,
  stranger: Asker,
  log: EventLog,
  { hash, challenge, code, deviceToken }: Answering,
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
    const standing = await recall(context, stranger, challenge, deviceToken);
    if (standing === undefined) return { outcome: 'overtaken' as const };
    const asker = inLaneOf({ ...stranger, device: standing.device }, () => true);
    const second = await proveCode(context, asker, log, context.otp.verifyCode, {
      userId,
      challenge: hash,
      ...(factorVersion > 0 ? { factorVersion } : {}),
      code,
      tell: true,
    });
    return second.outcome === 'proved' ? { ...second, ...standing, asker } : second;
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
  const issued = await issueSession(context, second.asker, log, second.password, second.proof, hash, second.device);
  return issued === undefined
    ? { outcome: 'invalid-challenge' }
    : { outcome: 'complete', issued, wrongCodes: second.answer.wrong_codes };
}

/**
 * The password that the challenge stands for, and the known device: that whose token came along, or else that from which
 * the password came. Undefined where something has overtaken the challenge.
 */
async function recall(
  context: GatewayContext,
  { request }: Asker,
  challenge: Challenge,
  deviceToken: string | undefined,
): Promise<{ password: PasswordProof; device: Device | undefined } | undefined> {
  const token = deviceToken === undefined ? undefined : parseDeviceToken(deviceToken);
  const ids = [token?.deviceId, challenge.deviceId].filter((id) => id !== undefined);
  const [{ overtaken, devices }, account] = await Promise.all([
    findStanding(context.db, { ...challenge, deviceIds: ids }),
    context.users.findAccount(request, challenge.userId),
  ]);
  const password = account && recalledPassword(challenge, account);
  if (overtaken || password === undefined) return undefined;
  const brought = devices.find((device) => token?.deviceId === device.id && fitsDevice(token, device.hash));
  return { password, device: brought ?? devices.find((device) => device.id === challenge.deviceId) };
}
