import type { GatewayContext } from '../context.ts';
import type { Asker } from './asker.ts';

/** How far second factors have come: what users counts, and whose recovery codes run out. */
export async function measureCoverage({ users, otp }: GatewayContext, { request }: Asker) {
  const [accounts, codes] = await Promise.all([users.measureCoverage(request), otp.measureCoverage(request)]);
  return { ...accounts, ...codes };
}
