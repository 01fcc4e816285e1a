import { eventRoutes } from '@sallyport/audit';
import { createServiceApp, type Route, type ServiceCaller } from '@sallyport/http';
import type { Express } from 'express';
import type { UsersContext } from './context.ts';
import { changePasswordRoute } from './routes/change-password.ts';
import { createAccountRoute } from './routes/create-account.ts';
import { findAccountRoute } from './routes/find-account.ts';
import { listFlagsRoute } from './routes/list-flags.ts';
import { setFlagRoute } from './routes/set-flag.ts';
import { verifyPasswordRoute } from './routes/verify-password.ts';

const routes: readonly Route<UsersContext, ServiceCaller>[] = [
  createAccountRoute,
  findAccountRoute,
  changePasswordRoute,
  setFlagRoute,
  listFlagsRoute,
  verifyPasswordRoute,
  ...eventRoutes<UsersContext>('users'),
];

export const createApp = (context: UsersContext): Express => createServiceApp('users', context, routes);
