import { refuse, reply } from '@sallyport/http';
import { z } from 'zod';
import { blockAddresses, unblockAddresses } from '../domain/block-address.ts';
import { listBlocks } from '../domain/list-blocks.ts';
import { gatewayRoute } from '../gateway-route.ts';
import { problems } from '../problems.ts';
import { IpBlockOrder } from '../schemas/inputs.ts';
import { IpBlock, IpBlockList } from '../schemas/outputs.ts';
import { readId } from '../schemas/read-id.ts';

const forAdmins = { tag: 'administration', access: 'bearer', roles: ['admin'], fresh: 'always' } as const;

const list = gatewayRoute(
  {
    ...forAdmins,
    method: 'get',
    path: '/admin/ip_blocks',
    summary: 'The addresses that are blocked',
    answers: { 200: { description: 'Live blocks, newest first, at most a thousand', schema: IpBlockList } },
  },
  async (context) => reply(200, { ip_blocks: await listBlocks(context) }),
);

const faults = {
  'no-network': 'must be an address or a CIDR range',
  'too-wide': 'must not be wider than /8 (IPv6: /16)',
  'own-address': 'holds the address that you call from',
  'trusted-proxy': 'holds a trusted proxy, or part of a range of them',
};

const block = gatewayRoute(
  {
    ...forAdmins,
    method: 'post',
    path: '/admin/ip_blocks',
    summary: 'Blocks an address or range of addresses',
    body: IpBlockOrder,
    answers: { 201: { description: 'Blocked', schema: IpBlock } },
  },
  async (context, { body, caller }) => {
    const order = { cidr: body.cidr, reason: body.reason, lifeSeconds: body.expires_in ?? null };
    const result = await blockAddresses(context, caller.asker, caller.session, order);
    if (result.outcome === 'blocked') return reply(201, result.block);
    const errors = [{ path: 'cidr', message: faults[result.fault] }];
    return refuse(problems['invalid-request'], { detail: 'This can not be blocked.', errors });
  },
);

const lift = gatewayRoute(
  {
    ...forAdmins,
    method: 'delete',
    path: '/admin/ip_blocks/:id',
    summary: 'Lifts a block; of one that a limit made, the limit too',
    params: z.object({ id: z.string().meta({ description: 'From GET /admin/ip_blocks' }) }),
    answers: { 204: { description: 'Lifted' } },
    problems: ['not-found'],
  },
  async (context, { params, caller }) => {
    const id = readId(params.id);
    const lifted = id !== undefined && (await unblockAddresses(context, caller.asker, caller.session, id));
    return lifted ? reply(204) : refuse(problems['not-found'], { detail: 'There is no such block.' });
  },
);

export const ipBlockRoutes = [list, block, lift];
