import type { Answered } from '../support/api.ts';
import type { Account, ModelSession } from './model.ts';
import type { System } from './system.ts';

/** Adds the session whose tokens an answer holds. */
export function openSession(system: System, account: Account, answer: Answered): ModelSession {
  const { access_token, refresh_token, device_token } = answer.body;
  const session: ModelSession = {
    id: refresh_token.split('.')[0],
    deviceId: device_token.split('.')[0],
    live: true,
    accessToken: access_token,
    accessTokenAt: system.now(),
    authAt: system.now(),
    refreshTokens: [refresh_token],
    rotatedAt: undefined,
  };
  account.sessions.push(session);
  return session;
}

/** Takes an answer's new access token. */
export function renewAccess(system: System, session: ModelSession, answer: Answered): void {
  session.accessToken = answer.body.access_token;
  session.accessTokenAt = system.now();
}
