import type { RequestHandler } from 'express';
import type { Caller } from '../gateway-route.ts';

/** Forward authentication: tells a proxy in front of somebody else's service whose live session it is. */
export const verify: RequestHandler = (_req, res) => {
  const { session } = res.locals.caller as Caller;
  if (session === undefined) return void res.status(401).end();
  res
    .set({
      'X-Auth-User-Id': session.userId,
      'X-Auth-Username': encodeHeader(session.username),
      'X-Auth-Roles': session.roles.join(','),
      'X-Auth-Amr': session.amr.join(','),
    })
    .status(200)
    .end();
};

/** A header is ASCII: other characters of a name are percent-encoded as UTF-8. */
function encodeHeader(text: string): string {
  return text.replace(/[^\x21-\x24\x26-\x7e]/gu, encodeURIComponent);
}
