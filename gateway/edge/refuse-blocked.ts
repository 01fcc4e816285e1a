import { Refusal, refuse } from '@sallyport/http';
import type { RequestHandler } from 'express';
import type { GatewayContext } from '../context.ts';
import type { Caller } from '../gateway-route.ts';
import { problems } from '../problems.ts';

/** Turns away whoever an admin has blocked, before anything else is looked at; nobody between may keep that answer. */
export function refuseBlocked(context: GatewayContext): RequestHandler {
  return (_req, res, next) => {
    const { address }: Caller = res.locals.caller;
    if (context.blockedAddresses.has(address.ip)) throw new Refusal(blocked());
    next();
  };
}

const blocked = () =>
  refuse(problems['address-blocked'], {
    detail: 'An administrator has blocked this address.',
    headers: { 'Cache-Control': 'no-store' },
  });
