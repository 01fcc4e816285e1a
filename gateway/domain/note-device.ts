import type { EventDraft } from '@sallyport/audit/record';
import type { EventLog } from './event-log.ts';

type Owner = { userId: string; username: string };

export function noteDeviceRemoved(log: EventLog, owner: Owner, deviceId: string, reason: string): void {
  log.add({ ...deviceAdded(owner, deviceId), type: 'sallyport.device.removed', reason });
}

export function deviceAdded({ userId, username }: Owner, deviceId: string): EventDraft {
  const target = { type: 'device', id: deviceId };
  return { type: 'sallyport.device.added', outcome: 'success', subject: userId, username, target };
}
