import type { GatewayContext } from '../context.ts';
import { insertSession, type Session } from '../store/sessions.ts';
import type { Asker } from './asker.ts';
import type { EventLog } from './event-log.ts';
import { type Notices, takeNotices } from './notices.ts';
import type { CodeProof, NoFactorProof } from './prove-code.ts';
import type { PasswordProof } from './prove-password.ts';
import { formatRefreshToken, hashRefreshValue, makeRefreshValue } from './refresh-token.ts';

/*
 * The one function that issues sessions (promise 2). It takes the proof of every factor that the account demands:
 * a proved password, and either a spent code or otp's word that there is no factor. The statement behind it holds the
 * account's fence and writes nothing if a password change, a lock or a new factor came in between, or if the
 * challenge has made a session before.
 */

export const pwdOnly = ['pwd'] as const;
export const pwdAndOtp = ['pwd', 'otp', 'mfa'] as const;

export interface Issued {
  session: Session;
  refreshToken: string;
}

export type IssuedAtLogin = Issued & { notices: Notices };

export async function issueSession(
  context: GatewayContext,
  asker: Asker,
  log: EventLog,
  password: PasswordProof,
  second: CodeProof | NoFactorProof,
  challengeHash: string | null,
): Promise<IssuedAtLogin | undefined> {
  const { account } = password;
  if (second.userId !== account.id) throw new Error('the proofs are of different accounts');
  const amr = [...(second.kind === 'code' ? pwdAndOtp : pwdOnly)];
  const id = context.randomUuid();
  const about = { subject: account.id, username: account.username };
  const success = log.with({ ...about, type: 'sallyport.login.succeeded', outcome: 'success', sessionId: id, amr });
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
    ip: asker.request.ip,
    userAgent: asker.request.user_agent,
    absoluteSeconds: context.config.SESSION_ABSOLUTE_SECONDS,
  };
  const insert = () => context.changes.atOnce(success, (db, recording) => insertSession(db, session, recording));
  // The second time for an account whose fence another login was just setting up: the first couldn't see it yet.
  const issued = (await insert()) ?? (await insert());
  if (issued) {
    const tokens = withRefreshToken(context, issued);
    return tokens && { ...tokens, notices: await takeNotices(context, issued) };
  }
  await context.changes.note(
    log.with({ ...about, type: 'sallyport.login.failed', outcome: 'failure', reason: 'overtaken' }),
  );
  return undefined;
}

/** Gives a live session its present refresh token again; undefined where its signing key has left the ring. */
export function withRefreshToken(context: GatewayContext, session: Session): Issued | undefined {
  const { number, keyId, secret } = session.refresh;
  const key = context.config.TOKEN_SIGNING_KEYS.find(keyId);
  if (key === undefined) return undefined;
  const value = makeRefreshValue(key, secret, session.id, number);
  return { session, refreshToken: formatRefreshToken({ sessionId: session.id, number, value }) };
}

function firstRefresh(context: GatewayContext, sessionId: string): Session['refresh'] {
  const key = context.config.TOKEN_SIGNING_KEYS.current;
  const secret = context.randomBytes(32);
  return { number: 0, keyId: key.id, secret, hash: hashRefreshValue(makeRefreshValue(key, secret, sessionId, 0)) };
}
