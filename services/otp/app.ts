import { eventRoutes } from '@sallyport/audit/record';
import { createServiceApp, type Route, type ServiceCaller } from '@sallyport/http';
import type { Express } from 'express';
import type { OtpContext } from './context.ts';
import { disableFactorRoute, regenerateCodesRoute, verifyCodeRoute } from './routes/code-use.ts';
import { confirmEnrolmentRoute } from './routes/confirm-enrolment.ts';
import { countWrongCodesRoute, endLocksRoute } from './routes/lanes.ts';
import { listFlagsRoute } from './routes/list-flags.ts';
import { measureCoverageRoute } from './routes/measure-coverage.ts';
import { qrCodeRoute } from './routes/qr-code.ts';
import { resetFactorRoute } from './routes/reset-factor.ts';
import { showFactorRoute } from './routes/show-factor.ts';
import { startEnrolmentRoute } from './routes/start-enrolment.ts';

const routes: readonly Route<OtpContext, ServiceCaller>[] = [
  startEnrolmentRoute,
  confirmEnrolmentRoute,
  qrCodeRoute,
  verifyCodeRoute,
  disableFactorRoute,
  regenerateCodesRoute,
  resetFactorRoute,
  showFactorRoute,
  listFlagsRoute,
  countWrongCodesRoute,
  endLocksRoute,
  measureCoverageRoute,
  ...eventRoutes<OtpContext>('otp'),
];

export const createApp = (context: OtpContext): Express => createServiceApp('otp', context, routes);
