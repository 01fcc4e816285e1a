import type { GatewayContext } from '../context.ts';
import { listKnownDevices } from '../store/devices.ts';
import { limitName, passwordKey } from './limit-name.ts';

/** Ends what wrong passwords have brought upon an account, whichever addresses and devices they came from. */
export async function endPasswordLocks(
  context: GatewayContext,
  account: { id: string; username: string },
): Promise<void> {
  const { passwords, strangers } = context.limits;
  const name = limitName(context, account.username);
  const devices = await listKnownDevices(context.db, account.id);
  const places = [...(await strangers.addresses(name)), ...devices.map((device) => device.id)];
  await Promise.all(places.map((place) => passwords.forget(passwordKey(name, place))));
  await strangers.forget(name);
}
