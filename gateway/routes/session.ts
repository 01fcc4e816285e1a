import { refuse, reply } from '@sallyport/http';
import { z } from 'zod';
import { endOneSession, logOutByRefreshToken } from '../domain/end-sessions.ts';
import { listSessions } from '../domain/list-sessions.ts';
import { refuseLimited } from '../domain/note-blocked.ts';
import { findRefreshable, refreshSession } from '../domain/refresh-session.ts';
import { gatewayRoute } from '../gateway-route.ts';
import { problems } from '../problems.ts';
import { tooMany, unauthenticated } from '../refusals.ts';
import { Logout, TokenRefresh } from '../schemas/inputs.ts';
import { SessionList, Tokens } from '../schemas/outputs.ts';
import { readId } from '../schemas/read-id.ts';
import { replyTokens } from './tokens.ts';

const refresh = gatewayRoute(
  {
    method: 'post',
    path: '/token/refresh',
    summary: 'Rotates the refresh token',
    tag: 'tokens',
    access: 'public',
    guesses: 'refused unless live',
    body: TokenRefresh,
    answers: { 200: { description: 'New tokens of the same session', schema: Tokens } },
    problems: ['invalid-refresh-token'],
  },
  async (context, { body, caller }) => {
    const limitedSeconds = await caller.asker.limitedSeconds();
    if (limitedSeconds !== undefined) {
      const found = await findRefreshable(context, body.refresh_token);
      if (!found?.session.live) {
        return tooMany(context, await refuseLimited(context, caller.asker, 'address', limitedSeconds));
      }
    }
    const result = await refreshSession(context, caller.asker, body.refresh_token);
    return result.outcome === 'refreshed'
      ? replyTokens(context, 200, result.issued)
      : refuse(problems['invalid-refresh-token'], {
          detail: 'The refresh token is not valid (any more). Log in again.',
        });
  },
);

const logout = gatewayRoute(
  {
    method: 'post',
    path: '/logout',
    summary: 'Ends the session of the Bearer or refresh token',
    tag: 'tokens',
    access: 'either token',
    beforeEnrolment: true,
    guesses: 'counted without session',
    body: Logout,
    answers: { 204: { description: 'The session has ended' } },
    problems: ['unauthenticated'],
  },
  async (context, { body, caller }) => {
    const { asker, session } = caller;
    if (session) await endOneSession(context, asker, session, 'logout');
    const byToken =
      body.refresh_token !== undefined && (await logOutByRefreshToken(context, asker, body.refresh_token));
    return session || byToken ? reply(204) : unauthenticated();
  },
);

const list = gatewayRoute(
  {
    method: 'get',
    path: '/sessions',
    summary: 'The live sessions of the account',
    tag: 'sessions',
    access: 'bearer',
    beforeEnrolment: true,
    answers: { 200: { description: 'Newest first', schema: SessionList } },
  },
  async (context, { caller }) => reply(200, { sessions: await listSessions(context, caller.session) }),
);

const end = gatewayRoute(
  {
    method: 'delete',
    path: '/sessions/:id',
    summary: 'Ends one session of the account',
    tag: 'sessions',
    access: 'bearer',
    beforeEnrolment: true,
    fresh: 'for others',
    params: z.object({ id: z.string().meta({ description: 'From GET /sessions' }) }),
    answers: { 204: { description: 'The session has ended' } },
    problems: ['not-found'],
  },
  async (context, { caller, params }) => {
    const { asker, session } = caller;
    const id = readId(params.id);
    const ended = id !== undefined && (await endOneSession(context, asker, { ...session, id }, 'ended-by-owner'));
    return ended ? reply(204) : refuse(problems['not-found'], { detail: 'There is no such session.' });
  },
);

export const sessionRoutes = [refresh, logout, list, end];
