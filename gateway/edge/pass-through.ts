import { Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import { Unavailable } from '@sallyport/contracts';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import type { GatewayContext } from '../context.ts';
import type { Caller } from '../gateway-route.ts';

/*
 * Calls that go to otp as they are. Only a method, a path that we name and two harmless headers go along; who the
 * caller is stands in a service token that otp can verify, never in a header that somebody outside could have set.
 */

const picture = /^image\/(png|svg\+xml)$/;
const kept = new Set(['accept', 'host', 'connection']);

export function passToOtp(context: GatewayContext): RequestHandler {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const proxy = createProxyMiddleware<Request, Response>({
    target: context.config.OTP_URL,
    changeOrigin: true,
    agent,
    timeout: 5_000,
    proxyTimeout: 3_000,
    xfwd: false,
    followRedirects: false,
    selfHandleResponse: true,
    on: {
      proxyReq: (outgoing, _req, res) => setIdentity(context, outgoing, res.locals.caller),
      proxyRes: (incoming, _req, res) => passAnswer(incoming, res),
      error: (cause, _req, res) => {
        if ('locals' in res) (res as Response).locals.passOn(new Unavailable('otp', { cause }));
        else res.destroy();
      },
    },
  });
  return (req: Request, res: Response, next: NextFunction) => {
    res.locals.passOn = next;
    return proxy(req, res, next);
  };
}

/** What is neither the thing nor its absence is no answer of otp's that anybody outside should see. */
function passAnswer(incoming: IncomingMessage, res: Response): void {
  const status = incoming.statusCode ?? 0;
  const type = incoming.headers['content-type'] ?? '';
  if (!(status === 200 && picture.test(type)) && !(status === 404 && type === 'application/problem+json')) {
    incoming.resume();
    res.locals.passOn(new Unavailable('otp', { cause: new Error(`unusable answer (${status})`) }));
    return;
  }
  res.status(status);
  for (const name of ['content-type', 'content-length', 'vary']) {
    const value = incoming.headers[name];
    if (value !== undefined) res.set(name, value);
  }
  incoming.once('error', () => res.destroy()).pipe(res);
}

function setIdentity(context: GatewayContext, outgoing: ClientRequest, caller: Caller): void {
  const { session, asker } = caller;
  for (const name of outgoing.getHeaderNames()) if (!kept.has(name)) outgoing.removeHeader(name);
  outgoing.setHeader('authorization', `Bearer ${context.services.otp.token(asker.request, session?.userId)}`);
  outgoing.setHeader('x-request-id', asker.request.request_id);
}
