import { eventRoutes } from '@sallyport/audit/record';
import { createServiceApp, type Route, type ServiceCaller } from '@sallyport/http';
import type { Express } from 'express';
import type { UsersContext } from './context.ts';
import { endSessionsRoute, lockAccountRoute, setRolesRoute, unlockAccountRoute } from './routes/administer.ts';
import { changePasswordRoute } from './routes/change-password.ts';
import { createAccountRoute } from './routes/create-account.ts';
import { findAccountByNameRoute, findAccountRoute } from './routes/find-account.ts';
import { listFlagsRoute } from './routes/list-flags.ts';
import { measureCoverageRoute } from './routes/measure-coverage.ts';
import { setFlagRoute } from './routes/set-flag.ts';
import { verifyPasswordRoute } from './routes/verify-password.ts';

const routes: readonly Route<UsersContext, ServiceCaller>[] = [
  createAccountRoute,
  findAccountRoute,
  findAccountByNameRoute,
  changePasswordRoute,
  setFlagRoute,
  listFlagsRoute,
  verifyPasswordRoute,
  lockAccountRoute,
  unlockAccountRoute,
  endSessionsRoute,
  setRolesRoute,
  measureCoverageRoute,
  ...eventRoutes<UsersContext>('users'),
];

export const createApp = (context: UsersContext): Express => createServiceApp('users', context, routes);
