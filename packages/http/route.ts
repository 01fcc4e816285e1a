import type { RequestContext } from '@sallyport/contracts';
import type { Express, Request, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import { type Answer, refuse, send } from './answer.ts';
import { commonProblems } from './problem.ts';
import { validate } from './validate.ts';

/** One request as a handler sees it: validated input, who calls, and the context that audit events carry. */
export interface Call<Params, Query, Body, Caller> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly caller: Caller;
  readonly context: RequestContext;
  readonly req: Request;
}

export type Handler<Context, Caller, Params = unknown, Query = unknown, Body = unknown> = (
  context: Context,
  call: Call<Params, Query, Body, Caller>,
) => Promise<Answer> | Answer;

/** A row of a part's route table. `path` is in express's form; schemas say what comes in. */
export interface Route<Context, Caller> {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  readonly path: string;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** Asked by a machine again and again: its log line is one of debugging. */
  readonly quiet?: true;
  readonly handle: Handler<Context, Caller>;
}

/** What a schema makes of its input; undefined without one. */
export type Given<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

/** Types a route's handler by its schemas. */
export function route<Context, Caller, Spec extends Omit<Route<Context, Caller>, 'handle'>>(
  spec: Spec,
  handle: Handler<Context, Caller, Given<Spec['params']>, Given<Spec['query']>, Given<Spec['body']>>,
): Spec & { handle: Handler<Context, Caller> } {
  return { ...spec, handle: handle as Handler<Context, Caller> };
}

/**
 * Mounts a table. For each route: the part's own pipeline, then validation, then the handler. Every other method on
 * a known path is 405. The pipeline must leave `res.locals.context` and may leave `res.locals.caller`.
 */
export function mountRoutes<Context, Row extends Route<Context, never>>(
  app: Express,
  context: Context,
  routes: readonly Row[],
  pipeline: (route: Row) => RequestHandler[],
): void {
  for (const row of routes) {
    const answer: RequestHandler = async (req, res) => send(res, await row.handle(context, readCall(row, req, res)));
    app[row.method](row.path, named(row.path, row.quiet), ...pipeline(row), answer);
  }
  for (const path of new Set(routes.map((row) => row.path))) {
    const methods = routes.filter((row) => row.path === path).map((row) => row.method.toUpperCase());
    if (methods.includes('GET')) methods.push('HEAD');
    const allow = methods.join(', ');
    app.all(path, (_req, res) =>
      send(res, refuse(commonProblems['method-not-allowed'], { headers: { Allow: allow } })),
    );
  }
}

/** Names a request in logs and metrics. */
export function named(route: string, quiet?: true): RequestHandler {
  return (_req, res, next) => {
    Object.assign(res.locals, { route, quiet });
    next();
  };
}

function readCall(row: Route<never, never>, req: Request, res: Response): Call<unknown, unknown, unknown, never> {
  return {
    params: row.params && validate(row.params, req.params),
    query: row.query && validate(row.query, req.query),
    body: row.body && validate(row.body, req.body),
    caller: res.locals.caller as never,
    context: res.locals.context,
    req,
  };
}
