import { createHmac } from 'node:crypto';
import { canonicalName } from '@sallyport/contracts';
import type { GatewayContext } from '../context.ts';

/** An account as the store of limits knows it: that never holds a name. */
export function limitName({ limitKey }: Pick<GatewayContext, 'limitKey'>, username: string): string {
  return createHmac('sha256', limitKey)
    .update(canonicalName(username) ?? username)
    .digest('base64url');
}

/** What counts wrong passwords of an account: one of its known devices, or an address. */
export const passwordKey = (name: string, place: string) => `${name}:${place}`;
