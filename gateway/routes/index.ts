import type { GatewayRoute } from '../gateway-route.ts';
import { accountRoutes } from './account.ts';
import { adminCoverageRoutes } from './admin-coverage.ts';
import { adminUsersRoutes } from './admin-users.ts';
import { auditRoutes } from './audit.ts';
import { deviceRoutes } from './device.ts';
import { ipBlockRoutes } from './ip-blocks.ts';
import { loginRoutes } from './login.ts';
import { otpResetRoutes } from './otp-resets.ts';
import { publicRoutes } from './public.ts';
import { qrCodeRoutes } from './qr-code.ts';
import { secondFactorRoutes } from './second-factor.ts';
import { sessionRoutes } from './session.ts';

/** The gateway's table of contents: every route. */
export const routes: readonly GatewayRoute[] = [
  ...loginRoutes,
  ...sessionRoutes,
  ...deviceRoutes,
  ...accountRoutes,
  ...secondFactorRoutes,
  ...qrCodeRoutes,
  ...otpResetRoutes,
  ...auditRoutes,
  ...adminUsersRoutes,
  ...adminCoverageRoutes,
  ...ipBlockRoutes,
  ...publicRoutes,
];
