import { deviceAdded, deviceRemoved, loginFailed, loginSucceeded } from '@sallyport/audit/record';
import type { GatewayContext } from '../context.ts';
import { type Device, mostDevices, type NewDevice, trimDevices } from '../store/devices.ts';
import { insertSession } from '../store/insert-session.ts';
import type { Session } from '../store/sessions.ts';
import type { Asker } from './asker.ts';
import { formatDeviceToken, hashDeviceValue, makeDeviceValue } from './device-token.ts';
import { EventLog } from './event-log.ts';
import type { CodeProof, NoFactorProof } from './prove-code.ts';
import type { PasswordProof } from './prove-password.ts';
import { formatRefreshToken, hashRefreshValue, makeRefreshValue } from './refresh-token.ts';
import { takeResetNotice } from './take-reset-notice.ts';

/*
 * The one function that issues sessions (promise 2). It takes the proof of every factor that the account demands:
 * a proved password, and either a spent code or otp's word that there is no factor. The statement behind it holds the
 * account's fence and writes nothing if a password change, a lock or a new factor came in between, or if the
 * challenge has made a session before. The device becomes known by the same statement.
 */

export const pwdOnly = ['pwd'] as const;
export const pwdAndOtp = ['pwd', 'otp', 'mfa'] as const;

export interface Issued {
  session: Session;
  refreshToken: string;
  /** Null where the device of the session is known no more. */
  deviceToken: string | null;
}

/** With when the factor was reset, where no login has said so yet. */
export type IssuedAtLogin = Issued & { otpResetAt: Date | null };

export async function issueSession(
  context: GatewayContext,
  asker: Asker,
  log: EventLog,
  password: PasswordProof,
  second: CodeProof | NoFactorProof,
  challengeHash: string | null,
  known?: Device,
): Promise<IssuedAtLogin | undefined> {
  const { account } = password;
  if (second.userId !== account.id) throw new Error('the proofs are of different accounts');
  const amr = [...(second.kind === 'code' ? pwdAndOtp : pwdOnly)];
  const id = context.randomUuid();
  const device = known?.userId === account.id ? renewDevice(context, known) : createDevice(context);
  const deviceKnown = device.id === known?.id;
  const success = log.with(
    loginSucceeded(account, { sessionId: id, amr }),
    ...(deviceKnown ? [] : [deviceAdded(account, device.id)]),
  );
  const session = {
    id,
    userId: account.id,
    username: account.username,
    accountCreatedAt: new Date(account.created_at),
    roles: account.roles,
    epoch: account.epoch,
    factorVersion: second.factorVersion,
    amr,
    authTime: Math.floor(context.now() / 1_000),
    challengeHash,
    refresh: firstRefresh(context, id),
    deviceId: device.id,
    device,
    deviceKnown,
    ip: asker.request.ip,
    userAgent: asker.request.user_agent,
    absoluteSeconds: context.config.SESSION_ABSOLUTE_SECONDS,
  };
  const insert = () => context.changes.atOnce(success, (db, recording) => insertSession(db, session, recording));
  // The second time for an account whose fence another login was just setting up: the first couldn't see it yet.
  const issued = (await insert()) ?? (await insert());
  if (issued && issued.devices >= mostDevices) await displaceDevices(context, asker, account);
  if (issued) {
    const tokens = withTokens(context, issued.session);
    return tokens && { ...tokens, otpResetAt: await takeResetNotice(context, issued) };
  }
  await context.changes.note(log.with(loginFailed(account, 'overtaken')));
  return undefined;
}

/** Gives a live session its present tokens again; undefined where its signing key has left the ring. */
export function withTokens(context: GatewayContext, session: Session): Issued | undefined {
  const { number, keyId, secret } = session.refresh;
  const key = context.config.TOKEN_SIGNING_KEYS.find(keyId);
  if (key === undefined) return undefined;
  const value = makeRefreshValue(key, secret, session.id, number);
  return {
    session,
    refreshToken: formatRefreshToken({ sessionId: session.id, number, value }),
    deviceToken: deviceTokenOf(context, session),
  };
}

export function deviceTokenOf(context: GatewayContext, { device }: Pick<Session, 'device'>): string | null {
  const key = device && context.config.TOKEN_SIGNING_KEYS.find(device.keyId);
  if (!device || !key) return null;
  return formatDeviceToken({ deviceId: device.id, value: makeDeviceValue(key, device.secret, device.id) });
}

/** A device keeps its token, unless the key behind that is on its way out of the ring. */
function renewDevice(context: GatewayContext, known: Device): NewDevice {
  return known.keyId === context.config.TOKEN_SIGNING_KEYS.current.id ? known : createDevice(context, known.id);
}

function createDevice(context: GatewayContext, id: string = context.randomUuid()): NewDevice {
  const key = context.config.TOKEN_SIGNING_KEYS.current;
  const secret = context.randomBytes(32);
  return { id, keyId: key.id, secret, hash: hashDeviceValue(makeDeviceValue(key, secret, id)) };
}

/** An account has so many devices at most: those beyond count as unknown at once, and go here. */
async function displaceDevices(context: GatewayContext, asker: Asker, owner: { id: string; username: string }) {
  const log = new EventLog(context, asker.request);
  await context.changes.run(log, async (tx) => {
    for (const id of await trimDevices(tx, owner.id)) log.add(deviceRemoved(owner, id, 'displaced'));
  });
}

function firstRefresh(context: GatewayContext, sessionId: string): Session['refresh'] {
  const key = context.config.TOKEN_SIGNING_KEYS.current;
  const secret = context.randomBytes(32);
  return { number: 0, keyId: key.id, secret, hash: hashRefreshValue(makeRefreshValue(key, secret, sessionId, 0)) };
}
