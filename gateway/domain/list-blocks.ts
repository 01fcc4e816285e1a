import type { GatewayContext } from '../context.ts';
import { type IpBlock, listBlocks as listLiveBlocks } from '../store/ip-blocks.ts';

/** The live blocks, newest first. */
export function listBlocks(context: GatewayContext): Promise<IpBlock[]> {
  return listLiveBlocks(context.db);
}
