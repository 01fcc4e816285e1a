import type { GatewayContext } from '../context.ts';
import { type Device, findDevice } from '../store/devices.ts';
import { fitsDevice, parseDeviceToken } from './device-token.ts';

/** The known device that a token stands for; anything else is an unknown device, and no failure. */
export async function recogniseDevice(context: GatewayContext, text: string | undefined): Promise<Device | undefined> {
  const token = text === undefined ? undefined : parseDeviceToken(text);
  const device = token && (await findDevice(context.db, token.deviceId));
  return device && fitsDevice(token, device.hash) ? device : undefined;
}
