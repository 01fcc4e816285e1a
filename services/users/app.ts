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
import type { UsersContext } from './context.ts';
import { changePasswordRoute } from './routes/change-password.ts';
import { createAccountRoute } from './routes/create-account.ts';
import { findAccountRoute } from './routes/find-account.ts';
import { listFlagsRoute } from './routes/list-flags.ts';
import { setFlagRoute } from './routes/set-flag.ts';
import { verifyPasswordRoute } from './routes/verify-password.ts';

type UsersRoute = Route<UsersContext, ServiceCaller>;

const routes: readonly UsersRoute[] = [
  createAccountRoute,
  findAccountRoute,
  changePasswordRoute,
  setFlagRoute,
  listFlagsRoute,
  verifyPasswordRoute,
  ...eventRoutes<UsersContext>('users'),
  pingRoute,
];

/** The service's table of contents; nobody but the gateway gets past the first handler. */
export function usersApp(context: UsersContext): Express {
  const { config, logger, registry, now } = context;
  const authenticate = serviceCaller('users', config.SERVICE_SECRETS, now);
  return newApp({
    logger,
    registry,
    before: [authenticate],
    mount: (app) =>
      mountRoutes<UsersContext, ServiceCaller, UsersRoute>(app, context, routes, ({ body }) =>
        body ? [jsonBody] : [],
      ),
  });
}
