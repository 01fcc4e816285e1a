import type { z } from 'zod';
import type { GatewayContext } from '../context.ts';
import type { Issued, IssuedAtLogin } from '../domain/issue-session.ts';
import type { LoginComplete, Tokens, User } from '../schemas/outputs.ts';

/** The tokens of a session, as every call that gives some answers them. */
export function createTokens(context: GatewayContext, { session, refreshToken }: Issued): z.infer<typeof Tokens> {
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
    user: userOf(session),
  };
}

/** The answer of a complete login: tokens, and what its owner should hear. */
export function createLoginComplete(context: GatewayContext, issued: IssuedAtLogin): z.infer<typeof LoginComplete> {
  const { otpResetAt, wrongCodes } = issued.notices;
  const notices = { otp_reset_at: otpResetAt?.toISOString() ?? null, wrong_codes: wrongCodes };
  return { status: 'complete', ...createTokens(context, issued), notices };
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
