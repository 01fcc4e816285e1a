import type { RequestHandler } from 'express';
import { refuse } from './answer.ts';
import { commonProblems } from './problem.ts';
import { Refusal } from './refusal.ts';
import { verifyServiceToken } from './service-token.ts';

/** Who calls a service: the gateway, maybe on behalf of an account. */
export interface ServiceCaller {
  subject?: string | undefined;
}

/** Lets only the gateway in; takes the request's context from the token. Without one nothing of the body is read. */
export function serviceCaller(service: string, secrets: readonly string[], now: () => number): RequestHandler {
  return (req, res, next) => {
    const token = /^Bearer ([\w.-]{1,8192})$/.exec(req.headers.authorization ?? '')?.[1];
    const claims = token === undefined ? undefined : verifyServiceToken(service, secrets, now, token);
    if (claims === undefined) {
      throw new Refusal(refuse(commonProblems.unauthenticated, { headers: { 'WWW-Authenticate': 'Bearer' } }));
    }
    res.locals.context = claims.context;
    res.locals.caller = { subject: claims.subject } satisfies ServiceCaller;
    next();
  };
}
