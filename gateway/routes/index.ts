import type { GatewayRoute } from '../gateway-route.ts';
import { accountRoutes } from './account.ts';
import { auditRoutes } from './audit.ts';
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
  ...accountRoutes,
  ...secondFactorRoutes,
  ...qrCodeRoutes,
  ...otpResetRoutes,
  ...auditRoutes,
  ...publicRoutes,
];
