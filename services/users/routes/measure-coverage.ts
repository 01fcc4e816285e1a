import { reply, route } from '@sallyport/http';
import type { UsersContext } from '../context.ts';

export const measureCoverageRoute = route({ method: 'get', path: '/coverage' }, async (context: UsersContext) =>
  reply(200, await context.coverage()),
);
