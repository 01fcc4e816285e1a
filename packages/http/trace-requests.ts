import type { OpenTracing } from '@sallyport/tracing';
import type { Request, RequestHandler } from 'express';

/**
 * Gives each request the span that all its work hangs on. A service is asked by the gateway alone, and goes on with the
 * trace of the call. Whoever asks the gateway decides nothing: it begins a trace of its own, whose sampling is its own,
 * and links it to that of a trusted proxy. A proxy passes a stranger's header on, and by it a stranger could have
 * everything recorded, or nothing.
 */
export function traceRequests(tracing: OpenTracing, asked: 'by the gateway' | 'by anybody'): RequestHandler {
  return (req, res, next) => {
    const { traceparent } = req.headers;
    const span =
      asked === 'by the gateway'
        ? tracing.goOn(traceparent)
        : tracing.begin(comesThroughProxy(req) ? traceparent : undefined);
    res.once('close', () => {
      const { route = 'none', quiet } = res.locals;
      const status = res.writableFinished ? res.statusCode : 499;
      // What is asked again and again by a machine, and goes well, isn't worth a trace.
      if (quiet && status < 500) return;
      const attributes = { 'http.request.method': req.method, 'http.route': route };
      span?.end(`${req.method} ${route}`, { ...attributes, 'http.response.status_code': status }, status >= 500);
    });
    next();
  };
}

function comesThroughProxy(req: Request): boolean {
  return req.app.get('trust proxy fn')(req.socket.remoteAddress, 0) === true;
}
