import { deviceRemoved } from '@sallyport/audit/record';
import type { GatewayContext } from '../context.ts';
import { deleteDevice } from '../store/devices.ts';
import type { Session } from '../store/sessions.ts';
import type { Asker } from './asker.ts';
import { EventLog } from './event-log.ts';

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
    const owner = { id: session.userId, username: session.username };
    if (removed) log.add(deviceRemoved(owner, id, 'removed-by-owner'));
    return removed;
  });
}
