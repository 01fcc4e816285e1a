import type { GatewayContext } from '../context.ts';
import { deleteDevice } from '../store/devices.ts';
import type { Session } from '../store/sessions.ts';
import type { Asker } from './asker.ts';
import { EventLog } from './event-log.ts';
import { noteDeviceRemoved } from './note-device.ts';

/** Makes a device of the account a stranger; false where it has none of that id. Its sessions go on. */
export async function removeDevice(
  context: GatewayContext,
  asker: Asker,
  session: Session,
  id: string,
): Promise<boolean> {
  const log = new EventLog(context, asker.request);
  return context.changes.run(log, async (tx) => {
    const removed = await deleteDevice(tx, id, session.userId);
    if (removed) noteDeviceRemoved(log, session, id, 'removed-by-owner');
    return removed;
  });
}
