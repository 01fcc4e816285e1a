import type { RequestContext } from '@sallyport/contracts';
import { jsonBody, Refusal } from '@sallyport/http';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { GatewayContext } from '../context.ts';
import type { Caller, GatewayRoute } from '../gateway-route.ts';
import { tooMany } from '../routes/refusals.ts';
import { countedAddress } from './address.ts';
import { authenticate } from './authenticate.ts';
import { authorise } from './authorise.ts';
import { passToOtp } from './pass-through.ts';
import { noGuess, reserveGuess } from './reserve-guess.ts';

/*
 * What a request passes before its handler, in the order that CONTRACT promises: the limit of its address, the form
 * of its body, who calls, and whether that caller may. Each step only ever refuses.
 */
export function createPipeline(context: GatewayContext): (route: GatewayRoute) => RequestHandler[] {
  const through = { otp: passToOtp(context) };
  return (route) => [
    identify,
    privately(route),
    ...(route.limited ? [limitAddress(context, route)] : []),
    jsonBody,
    ...(route.access === 'public' ? [] : [authenticate(context, route.access === 'bearer')]),
    ...(route.access === 'bearer' ? [authorise(context, route)] : []),
    ...(route.through ? [through[route.through]] : []),
  ];
}

/** Notes who asks, as far as the connection tells. */
export const identify: RequestHandler = (req, res, next) => {
  const address = countedAddress(req.ip);
  const request: RequestContext = {
    request_id: res.locals.requestId,
    ip: address.ip,
    user_agent: req.headers['user-agent']?.slice(0, 512) ?? null,
    session_id: null,
  };
  res.locals.context = request;
  res.locals.caller = { asker: { request, address: address.network, guess: noGuess } } satisfies Caller;
  next();
};

function limitAddress(context: GatewayContext, route: GatewayRoute): RequestHandler {
  return async (req: Request, res: Response, next: NextFunction) => {
    const caller: Caller = res.locals.caller;
    const place = await reserveGuess(context, countedAddress(req.ip));
    if (place.outcome === 'limited') {
      if (route.limited === 'always' && route.access === 'public') throw new Refusal(tooMany(place.retryAfterSeconds));
      caller.addressLimited = place.retryAfterSeconds;
      return next();
    }
    caller.asker.guess = place.guess;
    res.once('close', () => {
      place.guess
        .release()
        .catch((error: unknown) => context.logger.warn({ cause: String(error) }, 'a place stays taken'));
    });
    next();
  };
}

/** What is somebody's own must not be kept by anybody between; nor may a refusal of it. */
function privately(route: GatewayRoute): RequestHandler {
  return (_req, res, next) => {
    if (route.tag !== 'public') res.set('Cache-Control', 'no-store');
    next();
  };
}
