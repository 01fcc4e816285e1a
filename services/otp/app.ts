import { eventRoutes } from '@sallyport/audit';
import {
  jsonBody,
  mountRoutes,
  newApp,
  pingRoute,
  type Route,
  type ServiceCaller,
  serviceCaller,
} from '@sallyport/http';
import type { Express } from 'express';
import type { OtpContext } from './context.ts';
import { confirmEnrolmentRoute } from './routes/confirm-enrolment.ts';
import { disableFactorRoute } from './routes/disable-factor.ts';
import { listFlagsRoute } from './routes/list-flags.ts';
import { qrCodeRoute } from './routes/qr-code.ts';
import { regenerateCodesRoute } from './routes/regenerate-codes.ts';
import { showFactorRoute } from './routes/show-factor.ts';
import { startEnrolmentRoute } from './routes/start-enrolment.ts';
import { verifyCodeRoute } from './routes/verify-code.ts';

type OtpRoute = Route<OtpContext, ServiceCaller>;

const routes: readonly OtpRoute[] = [
  startEnrolmentRoute,
  confirmEnrolmentRoute,
  qrCodeRoute,
  verifyCodeRoute,
  disableFactorRoute,
  regenerateCodesRoute,
  showFactorRoute,
  listFlagsRoute,
  ...eventRoutes<OtpContext>('otp'),
  pingRoute,
];

/** The service's table of contents; nobody but the gateway gets past the first handler. */
export function createApp(context: OtpContext): Express {
  const { config, logger, registry, now } = context;
  const authenticate = serviceCaller('otp', config.SERVICE_SECRETS, now);
  return newApp({
    logger,
    registry,
    before: [authenticate],
    mount: (app) =>
      mountRoutes<OtpContext, ServiceCaller, OtpRoute>(app, context, routes, ({ body }) => (body ? [jsonBody] : [])),
  });
}
