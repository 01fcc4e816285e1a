import { reply, route } from '@sallyport/http';
import type { OtpContext } from '../context.ts';
import { measureCoverage } from '../domain/measure-coverage.ts';

export const measureCoverageRoute = route({ method: 'get', path: '/coverage' }, async (context: OtpContext) =>
  reply(200, await measureCoverage(context)),
);
