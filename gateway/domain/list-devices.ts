import type { GatewayContext } from '../context.ts';
import { listKnownDevices } from '../store/devices.ts';
import type { Session } from '../store/sessions.ts';

/** The known devices of the account, the last used first. */
export async function listDevices(context: GatewayContext, session: Session) {
  const rows = await listKnownDevices(context.db, session.userId);
  return rows.map((row) => ({ ...row, current: row.id === session.deviceId }));
}
