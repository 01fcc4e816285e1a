import { mountRoutes, named, newApp } from '@sallyport/http';
import type { Express } from 'express';
import type { GatewayContext } from './context.ts';
import { allowOrigins } from './edge/allow-origins.ts';
import { authenticate } from './edge/authenticate.ts';
import { authorise } from './edge/authorise.ts';
import { holdPlace } from './edge/hold-place.ts';
import { createPipeline, identify, privately } from './edge/pipeline.ts';
import { refuseBlocked } from './edge/refuse-blocked.ts';
import { securityHeaders } from './edge/security-headers.ts';
import { verify } from './edge/verify.ts';
import { mountDocuments } from './openapi/mount-documents.ts';
import { routes } from './routes/index.ts';

/** The whole of what the outside can reach: the routes of the table, forward authentication and the documents. */
export function createApp(context: GatewayContext): Express {
  const { logger, registry, tracing, config, publicUrl } = context;
  return newApp({
    logger,
    registry,
    tracing,
    trustedProxies: config.TRUSTED_PROXIES,
    before: [securityHeaders(publicUrl), ...allowOrigins(config.CORS_ORIGINS)],
    mount(app) {
      mountRoutes(app, context, routes.map(holdPlace), createPipeline(context));
      const guards = [identify, refuseBlocked(context)];
      const live = [...guards, privately, authenticate(context, true), authorise(context, {})];
      app.use('/verify', named('/verify', true), ...live, verify);
      mountDocuments(app, publicUrl, guards);
    },
  });
}
