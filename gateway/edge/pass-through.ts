import type { ClientRequest } from 'node:http';
import { Agent } from 'node:http';
import { Unavailable } from '@sallyport/contracts';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import type { GatewayContext } from '../context.ts';
import type { Caller } from '../gateway-route.ts';

/*
 * Calls that go to otp as they are. Only a method, a path that we name and two harmless headers go along; who the
 * caller is stands in a service token that otp can verify, never in a header that somebody outside could have set.
 */

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
    on: {
      proxyReq: (outgoing, _req, res) => setIdentity(context, outgoing, res.locals.caller),
      proxyRes: (incoming) => {
        delete incoming.headers['x-powered-by'];
        delete incoming.headers['x-request-id'];
      },
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

function setIdentity(context: GatewayContext, outgoing: ClientRequest, caller: Caller): void {
  const { session, asker } = caller;
  for (const name of outgoing.getHeaderNames()) if (!kept.has(name)) outgoing.removeHeader(name);
  outgoing.setHeader('authorization', `Bearer ${context.services.otp.token(asker.request, session?.userId)}`);
  outgoing.setHeader('x-request-id', asker.request.request_id);
}
