import { type Answer, reply } from '@sallyport/http';
import type { z } from 'zod';
import type { GatewayContext } from '../context.ts';
import type { Issued, IssuedAtLogin } from '../domain/issue-session.ts';
import { deviceCookie } from '../edge/device-cookie.ts';
import type { Tokens, User } from '../schemas/outputs.ts';

/** What every call answers that gives tokens: more fields around them, and the device's token as a cookie as well. */
export function replyTokens(context: GatewayContext, status: number, issued: Issued, more: object = {}): Answer {
  const { deviceToken } = issued;
  const headers = deviceToken === null ? {} : { 'Set-Cookie': deviceCookie(context.publicUrl, deviceToken) };
  return reply(status, { ...more, ...createTokens(context, issued) }, headers);
}

/** The answer of a complete login: tokens, and what its owner should hear. */
export function replyLogin(context: GatewayContext, login: { issued: IssuedAtLogin; wrongCodes: number }): Answer {
  const { issued, wrongCodes } = login;
  const notices = { otp_reset_at: issued.otpResetAt?.toISOString() ?? null, wrong_codes: wrongCodes };
  return replyTokens(context, 200, issued, { status: 'complete', notices });
}

function createTokens(context: GatewayContext, { session, refreshToken, deviceToken }: Issued): z.infer<typeof Tokens> {
  const { ACCESS_TOKEN_SECONDS, SESSION_IDLE_SECONDS } = context.config;
  return {
    token_type: 'Bearer',
    access_token: context.accessTokens.sign(
      { sub: session.userId, sid: session.id, auth_time: session.authTime, amr: session.amr, roles: session.roles },
      context.randomUuid(),
    ),
    expires_in: ACCESS_TOKEN_SECONDS,
    refresh_token: refreshToken,
    refresh_expires_in: Math.max(1, Math.min(SESSION_IDLE_SECONDS, session.secondsLeft)),
    device_token: deviceToken,
    user: userOf(session),
  };
}

/** The account as its session knows it: a live session has the second factor exactly if the account has one. */
function userOf(session: Issued['session']): z.infer<typeof User> {
  return {
    id: session.userId,
    username: session.username,
    otp_enabled: session.amr.includes('otp'),
    roles: session.roles,
    created_at: session.accountCreatedAt.toISOString(),
  };
}
