import { randomUUID } from 'node:crypto';
import { Unavailable } from '@sallyport/contracts';
import type { Logger } from '@sallyport/logger';
import { enterRequest, type OpenTracing } from '@sallyport/tracing';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { Counter, type Registry } from 'prom-client';
import { type Answer, refuse, send } from './answer.ts';
import { observeRequests } from './observe-requests.ts';
import { commonProblems } from './problem.ts';
import { Refusal } from './refusal.ts';
import { traceRequests } from './trace-requests.ts';

export interface AppOptions {
  logger: Logger;
  registry: Registry;
  /** CIDRs whose `X-Forwarded-For` is believed; none by default. */
  trustedProxies?: string[];
  /** Handlers before any route, such as security headers. */
  before?: RequestHandler[];
  /** Where requests are traced; one that `before` turns away is not. */
  tracing?: OpenTracing | undefined;
  /** Set where nobody but the gateway gets past `before`. */
  askedByGateway?: true;
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
  app.use(requestId, observeRequests(options.logger, options.registry), ...(options.before ?? []));
  const { tracing, askedByGateway } = options;
  if (tracing) app.use(traceRequests(tracing, askedByGateway ? 'by the gateway' : 'by anybody'));
  options.mount(app);
  app.use((_req, res) => send(res, refuse(commonProblems['not-found'])));
  app.use(answerError(options.logger, options.registry));
  return app;
}

const requestId: RequestHandler = (req, res, next) => {
  const given = req.headers['x-request-id'];
  res.locals.requestId = typeof given === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID();
  res.setHeader('X-Request-Id', res.locals.requestId);
  enterRequest(res.locals.requestId, next);
};

function answerError(logger: Logger, registry: Registry): ErrorRequestHandler {
  const failures = new Counter({
    name: 'dependency_failures_total',
    help: 'Requests that a dependency failed, by kind: away (or slow, or unusable) and overloaded',
    labelNames: ['dependency', 'kind'],
    registers: [registry],
  });
  return (error: unknown, req, res, _next) => {
    if (error instanceof Unavailable) {
      failures.inc({ dependency: error.dependency, kind: error.overloaded ? 'overloaded' : 'away' });
    }
    if (res.headersSent || req.socket.destroyed) return void req.destroy();
    send(res, toAnswer(error, logger));
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
