import { mountRoutes, named, newApp } from '@sallyport/http';
import type { Express } from 'express';
import type { GatewayContext } from './context.ts';
import { authenticate } from './edge/authenticate.ts';
import { authorise } from './edge/authorise.ts';
import { holdPlace } from './edge/hold-place.ts';
import { createPipeline, identify } from './edge/pipeline.ts';
import { securityHeaders } from './edge/security-headers.ts';
import { verify } from './edge/verify.ts';
import type { Caller, GatewayRoute } from './gateway-route.ts';
import { mountDocuments } from './openapi/mount-documents.ts';
import { routes } from './routes/index.ts';

/** The whole of what the outside can reach: the routes of the table, forward authentication and the documents. */
export function createApp(context: GatewayContext): Express {
  const { logger, registry, config, publicUrl } = context;
  return newApp({
    logger,
    registry,
    trustedProxies: config.TRUSTED_PROXIES,
    before: [securityHeaders(publicUrl)],
    mount(app) {
      mountRoutes<GatewayContext, Caller, GatewayRoute>(app, context, routes.map(holdPlace), createPipeline(context));
      app.use('/verify', named('/verify', true), identify, authenticate(context, true), authorise(context, {}), verify);
      mountDocuments(app, publicUrl);
    },
  });
}
