import { ipBlocked, ipUnblocked } from '@sallyport/audit/record';
import type { RequestContext } from '@sallyport/contracts';
import type { GatewayContext } from '../context.ts';
import { type Network, overlap, parseNetwork } from '../network.ts';
import { deleteBlock, findBlock, type IpBlock, insertBlock, readNetwork } from '../store/ip-blocks.ts';
import type { Session } from '../store/sessions.ts';
import type { Asker } from './asker.ts';
import { EventLog } from './event-log.ts';

export interface BlockOrder {
  cidr: string;
  reason: string;
  lifeSeconds: number | null;
}

export type BlockResult =
  | { outcome: 'blocked'; block: IpBlock }
  | { outcome: 'refused'; fault: 'no-network' | 'too-wide' | 'own-address' | 'trusted-proxy' };

/** The widest that an admin may block, by the length of an address in bytes: a mistake must not shut everybody out. */
const fewestBits: Record<number, number> = { 4: 8, 16: 16 };

export async function blockAddresses(
  context: GatewayContext,
  asker: Asker,
  admin: Session,
  { cidr, reason, lifeSeconds }: BlockOrder,
): Promise<BlockResult> {
  const network = parseNetwork(cidr);
  if (!network) return { outcome: 'refused', fault: 'no-network' };
  const fault = findFault(context, asker, network);
  if (fault) return { outcome: 'refused', fault };
  const block = { id: context.randomUuid(), cidr: network.cidr, reason, createdBy: admin.userId, lifeSeconds };
  const made = await writeBlock(context, asker.request, block);
  await learnAtOnce(context);
  return { outcome: 'blocked', block: made };
}

function findFault({ config }: GatewayContext, { request }: Asker, network: Network) {
  if (network.bits < (fewestBits[network.address.length] ?? 0)) return 'too-wide';
  const holds = (text: string) => {
    const other = parseNetwork(text);
    return other !== undefined && overlap(network, other);
  };
  if (request.ip !== null && holds(request.ip)) return 'own-address';
  return config.TRUSTED_PROXIES.some(holds) ? 'trusted-proxy' : undefined;
}

/**
 * An address, or site, that has just reached its limit of failures: the limit itself stands in Redis and needs no row.
 * The row is there for admins to see and lift.
 */
export async function noteLimitedNetwork(
  context: GatewayContext,
  request: RequestContext,
  limited: string,
  lifeSeconds: number,
): Promise<void> {
  const network = parseNetwork(limited);
  if (!network) return;
  const block = { id: context.randomUuid(), cidr: network.cidr, createdBy: null, lifeSeconds };
  await writeBlock(context, request, { ...block, reason: 'too-many-failures' });
}

/** Lifts a block; one that a limit made ends that limit. False where there is none of that id. */
export async function unblockAddresses(
  context: GatewayContext,
  asker: Asker,
  admin: Session,
  id: string,
): Promise<boolean> {
  const block = await findBlock(context.db, id);
  if (!block) return false;
  if (block.created_by === null) await forgetLimit(context, readNetwork(block.cidr));
  const log = createLog(context, asker.request, block.cidr);
  log.add(ipUnblocked(id, { type: 'account', id: admin.userId }));
  const lifted = await context.changes.atOnce(log, (db, recording) => deleteBlock(db, id, recording));
  await learnAtOnce(context);
  return lifted === true;
}

async function writeBlock(
  context: GatewayContext,
  request: RequestContext,
  block: Parameters<typeof insertBlock>[1],
): Promise<IpBlock> {
  const log = createLog(context, request, block.cidr);
  const actor = block.createdBy === null ? undefined : { type: 'account' as const, id: block.createdBy };
  log.add(ipBlocked(block.id, { actor, reason: block.reason }));
  const made = await context.changes.atOnce(log, (db, recording) => insertBlock(db, block, recording));
  if (!made) throw new Error('a block that was not made');
  return made;
}

/** An address is somebody's: it stands where it can be taken out again, in the place of the one that asked. */
function createLog(context: GatewayContext, request: RequestContext, cidr: string): EventLog {
  return new EventLog(context, { ...request, ip: cidr });
}

/** IPv4 addresses and /64s have the one limit, /48s the other. */
async function forgetLimit({ limits }: GatewayContext, { address, bits, cidr }: Network): Promise<void> {
  if (address.length === 4) await limits.addresses.forget(cidr.replace('/32', ''));
  else await (bits === 48 ? limits.sites : limits.addresses).forget(cidr);
}

/** What is committed is committed: where reading it fails now, the next poll brings it. */
async function learnAtOnce({ blockedAddresses }: GatewayContext): Promise<void> {
  await blockedAddresses.refresh().catch(() => {});
}
