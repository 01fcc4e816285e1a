import type { RequestContext } from '@sallyport/contracts';
import { jsonBody, Refusal, validate } from '@sallyport/http';
import type { RequestHandler } from 'express';
import type { GatewayContext } from '../context.ts';
import { isNotLimited, strangers } from '../domain/asker.ts';
import { refuseLimited } from '../domain/note-blocked.ts';
import { recogniseDevice } from '../domain/recognise-device.ts';
import type { Caller, GatewayRoute } from '../gateway-route.ts';
import { tooMany } from '../refusals.ts';
import { noGuess } from '../store/guess-limit.ts';
import { countedAddress } from './address.ts';
import { authenticate } from './authenticate.ts';
import { authorise } from './authorise.ts';
import { countLogins } from './count-logins.ts';
import { deviceTokenOf } from './device-cookie.ts';
import { refuseBlocked } from './refuse-blocked.ts';

/*
 * What a request passes before its handler, in the order that docs/api.md promises: whether its address is blocked, the
 * limit of its address, the form of its body, who calls, and whether that caller may. Each step only ever refuses.
 */
export function createPipeline(context: GatewayContext): (route: GatewayRoute) => RequestHandler[] {
  const counted = countLogins(context.registry);
  return (route) => [
    identify,
    ...(route.login ? [counted(route.login)] : []),
    ...(route.tag === 'public' ? [] : [privately]),
    ...(route.evenBlocked ? [] : [refuseBlocked(context, route.guesses !== undefined)]),
    ...readBody(context, route),
    ...(route.access === 'public' ? [] : [authenticate(context, route.access === 'bearer')]),
    ...(route.access === 'bearer' ? [authorise(context, route)] : []),
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
  res.locals.caller = {
    address,
    asker: {
      request,
      address: address.network,
      site: address.site,
      guess: noGuess,
      limitedSeconds: isNotLimited,
      lane: strangers,
    },
  } satisfies Caller;
  next();
};

function readBody(context: GatewayContext, route: GatewayRoute): RequestHandler[] {
  if (route.guesses === 'refused') return [refuseFromLimited(context, route), jsonBody];
  if (route.guesses === 'refused unless known' || route.guesses === 'refused unless live') {
    return [readFromAnywhere(context, route)];
  }
  return [jsonBody];
}

/**
 * Where the handler decides about a limited address, a body without fault goes on to it. One with a fault is told of the
 * limit instead, unless it comes from a known device; a live token can't be in it.
 */
function readFromAnywhere(context: GatewayContext, route: GatewayRoute): RequestHandler {
  return async (req, res, next) => {
    const unreadable = await refusalOf(() => jsonBody(req, res, () => {}));
    const fault = unreadable ?? (await refusalOf(() => route.body && validate(route.body, req.body)));
    if (!fault) return next();
    const limit = await findLimit(context, route, res.locals.caller);
    const known =
      limit && !unreadable && route.guesses === 'refused unless known'
        ? await recogniseDevice(context, deviceTokenOf(context.publicUrl, req))
        : undefined;
    if (limit && !known) await turnAway(context, res.locals.caller, limit);
    throw fault;
  };
}

async function refusalOf(step: () => unknown): Promise<Refusal | undefined> {
  try {
    await step();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** Turns an address with too many failures or signups away before anything is read from it. */
function refuseFromLimited(context: GatewayContext, route: GatewayRoute): RequestHandler {
  return async (_req, res, next) => {
    const limit = await findLimit(context, route, res.locals.caller);
    if (limit) await turnAway(context, res.locals.caller, limit);
    next();
  };
}

interface Limit {
  limit: 'address' | 'signup';
  retryAfterSeconds: number;
}

async function findLimit(
  { limits }: GatewayContext,
  route: GatewayRoute,
  { address: { network, site } }: Caller,
): Promise<Limit | undefined> {
  const [own = 0, around = 0, ownSignups = 0, signupsAround = 0] = await Promise.all([
    limits.addresses.findBlock(network),
    site === undefined ? undefined : limits.sites.findBlock(site),
    route.signup ? limits.signups.findBlock(network) : undefined,
    route.signup && site !== undefined ? limits.siteSignups.findBlock(site) : undefined,
  ]);
  const failures = Math.max(own, around);
  const signups = Math.max(ownSignups, signupsAround);
  const retryAfterSeconds = Math.max(failures, signups);
  return retryAfterSeconds > 0 ? { limit: signups > failures ? 'signup' : 'address', retryAfterSeconds } : undefined;
}

/** @throws Refusal always, once that is recorded */
async function turnAway(
  context: GatewayContext,
  { asker }: Caller,
  { limit, retryAfterSeconds }: Limit,
): Promise<never> {
  throw new Refusal(tooMany(context, await refuseLimited(context, asker, limit, retryAfterSeconds)));
}

/** What is somebody's own must not be kept by anybody between; nor may a refusal of it. */
export const privately: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store');
  next();
};
