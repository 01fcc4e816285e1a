import { reply } from '@sallyport/http';
import { measureCoverage } from '../domain/measure-coverage.ts';
import { gatewayRoute } from '../gateway-route.ts';
import { Coverage } from '../schemas/outputs.ts';

const coverage = gatewayRoute(
  {
    method: 'get',
    path: '/admin/coverage',
    summary: 'How many accounts have a second factor, up to ten seconds old',
    tag: 'administration',
    access: 'bearer',
    roles: ['admin'],
    fresh: 'always',
    answers: { 200: { description: 'The counts', schema: Coverage } },
  },
  async (context, { caller }) => reply(200, await measureCoverage(context, caller.asker)),
);

export const adminCoverageRoutes = [coverage];
