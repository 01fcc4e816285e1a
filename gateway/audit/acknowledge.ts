import type { Part } from '@sallyport/audit/log';
import type { ServiceClient } from '@sallyport/http/service-client';
import { z } from 'zod';
import { systemContext } from './system-context.ts';

export type Service = Exclude<Part, 'gateway'>;

/** A call of this many ids stays well under the 16 KiB that a JSON body may have. */
export const acknowledgeBatch = 200;

const Acknowledged = z.object({});

/** Tells a service what was taken over and committed. */
export async function acknowledge(client: Pick<ServiceClient, 'call'>, ids: readonly string[]): Promise<void> {
  for (let at = 0; at < ids.length; at += acknowledgeBatch) {
    const body = { ids: ids.slice(at, at + acknowledgeBatch) };
    await client.call('POST', '/events/acknowledge', { answer: Acknowledged, context: systemContext(), body });
  }
}
