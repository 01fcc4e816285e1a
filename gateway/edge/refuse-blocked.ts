import { Refusal, refuse } from '@sallyport/http';
import type { RequestHandler } from 'express';
import type { GatewayContext } from '../context.ts';
import { noteBlocked } from '../domain/note-blocked.ts';
import type { Caller } from '../gateway-route.ts';
import { problems } from '../problems.ts';

/**
 * Turns away whoever an admin has blocked, before anything else is looked at; nobody between may keep that answer.
 * @param credential whether calls bring one that could be guessed: those that are refused are recorded
 */
export function refuseBlocked(context: GatewayContext, credential = false): RequestHandler {
  return async (_req, res, next) => {
    const { address, asker }: Caller = res.locals.caller;
    if (context.blockedAddresses.has(address.ip)) {
      if (credential) await noteBlocked(context, asker, 'address-blocked');
      throw new Refusal(blocked());
    }
    next();
  };
}

const blocked = () =>
  refuse(problems['address-blocked'], {
    detail: 'An administrator has blocked this address.',
    headers: { 'Cache-Control': 'no-store' },
  });
