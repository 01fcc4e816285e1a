import type { ClientRequest, IncomingMessage } from 'node:http';
import { Unavailable } from '@sallyport/contracts';
import { idleMs, nodeHttp } from '@sallyport/http';
import { beginSpan } from '@sallyport/tracing';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { GatewayContext } from '../context.ts';
import type { Caller } from '../gateway-route.ts';

/*
 * Calls that go to otp as they are. Only a method, a path that we name and two harmless headers go along; who the
 * caller is stands in a service token that otp can verify, never in a header that somebody outside could have set.
 */

const picture = /^image\/(png|svg\+xml)$/;
const kept = new Set(['accept', 'host', 'connection']);

export function passToOtp(context: GatewayContext): RequestHandler {
  let proxy: ReturnType<typeof openProxy> | undefined;
  return async (req: Request, res: Response, next: NextFunction) => {
    const span = beginSpan('client', `${req.method} ${res.locals.route}`, { 'peer.service': 'otp' });
    res.once('close', () => span?.end(res.statusCode >= 500 ? new Unavailable('otp') : undefined));
    Object.assign(res.locals, { passOn: next, traceparent: span?.traceparent });
    proxy ??= openProxy(context).catch((error: unknown) => {
      proxy = undefined;
      throw error;
    });
    return (await proxy)(req, res, next);
  };
}

/** Loaded with the first call: it brings Node's http2 and fetch along, 8 MB that most gateways can do without. */
async function openProxy(context: GatewayContext) {
  const { createProxyMiddleware } = await import('http-proxy-middleware');
  return createProxyMiddleware<Request, Response>({
    router: () => context.services.otp.place(),
    changeOrigin: true,
    agent: new nodeHttp.Agent({ keepAlive: true, maxSockets: 32, timeout: idleMs }),
    proxyTimeout: 3_000,
    xfwd: false,
    followRedirects: false,
    selfHandleResponse: true,
    on: {
      proxyReq: (outgoing, _req, res) => setIdentity(context, outgoing, res.locals),
      proxyRes: (incoming, _req, res) => passAnswer(incoming, res),
      error: (cause, _req, res) => {
        if ('locals' in res) (res as Response).locals.passOn(new Unavailable('otp', { cause }));
        else res.destroy();
      },
    },
  });
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

function setIdentity(context: GatewayContext, outgoing: ClientRequest, locals: Response['locals']): void {
  const { session, asker } = locals.caller as Caller;
  for (const name of outgoing.getHeaderNames()) if (!kept.has(name)) outgoing.removeHeader(name);
  outgoing.setHeader('authorization', `Bearer ${context.services.otp.token(asker.request, session?.userId)}`);
  outgoing.setHeader('x-request-id', asker.request.request_id);
  if (locals.traceparent) outgoing.setHeader('traceparent', locals.traceparent);
}
