import type { Logger } from '@sallyport/logger';
import type { OpenTracing } from '@sallyport/tracing';
import type { Express } from 'express';
import type { Registry } from 'prom-client';
import { jsonBody } from './json-body.ts';
import { newApp } from './new-app.ts';
import { pingRoute } from './ping-route.ts';
import { mountRoutes, type Route } from './route.ts';
import { type ServiceCaller, serviceCaller } from './service-caller.ts';

export interface ServiceContext {
  config: { SERVICE_SECRETS: readonly string[] };
  logger: Logger;
  registry: Registry;
  tracing?: OpenTracing | undefined;
  now: () => number;
}

/** The app of a service, with the route that the gateway asks for readiness; nobody but the gateway gets past the first handler. */
export function createServiceApp<Context extends ServiceContext>(
  name: 'users' | 'otp',
  context: Context,
  routes: readonly Route<Context, ServiceCaller>[],
): Express {
  const { config, logger, registry, tracing, now } = context;
  return newApp({
    logger,
    registry,
    tracing,
    askedByGateway: true,
    before: [serviceCaller(name, config.SERVICE_SECRETS, now)],
    mount: (app) => mountRoutes(app, context, [...routes, pingRoute], ({ body }) => (body ? [jsonBody] : [])),
  });
}
