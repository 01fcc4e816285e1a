import { Refusal } from '@sallyport/http';
import type { RequestHandler } from 'express';
import type { GatewayContext } from '../context.ts';
import { strangers } from '../domain/asker.ts';
import type { Caller } from '../gateway-route.ts';
import { unauthenticated } from '../refusals.ts';

const bearer = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i;

/**
 * Finds the live session of a Bearer token (RFC 6750). The token says which session and when its owner was last
 * authenticated; whether it lives, and with which roles and factors, is asked in Postgres now.
 * @param required refuse where there is none
 */
export function authenticate(context: GatewayContext, required: boolean): RequestHandler {
  return async (req, res, next) => {
    const token = bearer.exec(req.headers.authorization ?? '')?.[1];
    const claims = token === undefined ? undefined : context.accessTokens.verify(token);
    const session = claims && (await context.findLiveSession(claims.sid));
    if (claims && session && session.userId === claims.sub) {
      const caller: Caller = res.locals.caller;
      caller.session = { ...session, authTime: Math.min(session.authTime, claims.auth_time) };
      caller.asker.request.session_id = session.id;
      caller.asker.lane = session.deviceId ?? strangers;
    } else if (required) {
      throw new Refusal(unauthenticated());
    }
    next();
  };
}
