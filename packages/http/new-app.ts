import { randomUUID } from 'node:crypto';
import { Unavailable } from '@sallyport/contracts';
import type { Logger } from '@sallyport/logger';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { Histogram, type Registry } from 'prom-client';
import { type Answer, refuse, send } from './answer.ts';
import { commonProblems } from './problem.ts';
import { Refusal } from './refusal.ts';

export interface AppOptions {
  logger: Logger;
  registry: Registry;
  /** CIDRs whose `X-Forwarded-For` is believed; none by default. */
  trustedProxies?: string[];
  /** Handlers before any route, such as security headers. */
  before?: RequestHandler[];
  /** Adds the routes. */
  mount: (app: Express) => void;
}

/** An express app with request ids, one log line and one measure a request, strict routing, and one error handler. */
export function newApp(options: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.enable('case sensitive routing').enable('strict routing');
  app.set('query parser', 'simple');
  app.set('trust proxy', options.trustedProxies ?? false);
  app.use(requestId, observe(options.logger, options.registry), ...(options.before ?? []));
  options.mount(app);
  app.use((_req, res) => send(res, refuse(commonProblems['not-found'])));
  app.use(answerError(options.logger));
  return app;
}

const requestId: RequestHandler = (req, res, next) => {
  const given = req.headers['x-request-id'];
  res.locals.requestId = typeof given === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID();
  res.set('X-Request-Id', res.locals.requestId);
  next();
};

function observe(logger: Logger, registry: Registry): RequestHandler {
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the first byte of a request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  return (req, res, next) => {
    const started = performance.now();
    res.once('close', () => {
      const ms = performance.now() - started;
      const route: string = res.locals.route ?? 'none';
      const status = res.writableFinished ? res.statusCode : 499;
      durations.observe({ method: req.method, route, status }, ms / 1_000);
      logger[res.locals.quiet && status < 500 ? 'debug' : 'info'](
        { request_id: res.locals.requestId, method: req.method, route, status, ms: Math.round(ms) },
        'request',
      );
    });
    next();
  };
}

function answerError(logger: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => {
    if (res.headersSent || res.socket?.destroyed !== false) return void req.destroy();
    send(res, toAnswer(error, logger.child({ request_id: res.locals.requestId })));
  };
}

function toAnswer(error: unknown, logger: Logger): Answer {
  if (error instanceof Refusal) return error.answer;
  if (error instanceof Unavailable) {
    const cause = error.cause instanceof Error ? error.cause.message : undefined;
    logger.warn({ dependency: error.dependency, overloaded: error.overloaded, cause }, 'dependency unavailable');
    const problem = commonProblems[error.overloaded ? 'overloaded' : 'unavailable'];
    return refuse(problem, { detail: `${problem.title}. Try again.`, retryAfterSeconds: error.retryAfterSeconds });
  }
  if (error instanceof URIError || isClientError(error)) return refuse(commonProblems['not-found']);
  logger.error({ err: error }, 'unexpected error');
  return refuse(commonProblems['internal-error'], { detail: 'The error has been logged under the request id.' });
}

/** What express itself throws at a path that can't be decoded. */
function isClientError(error: unknown): boolean {
  return error instanceof Error && 'status' in error && error.status === 400;
}
