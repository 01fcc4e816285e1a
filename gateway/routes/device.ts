import { refuse, reply } from '@sallyport/http';
import { z } from 'zod';
import { listDevices } from '../domain/list-devices.ts';
import { removeDevice } from '../domain/remove-device.ts';
import { gatewayRoute } from '../gateway-route.ts';
import { problems } from '../problems.ts';
import { DeviceList } from '../schemas/outputs.ts';
import { readId } from '../schemas/read-id.ts';

const list = gatewayRoute(
  {
    method: 'get',
    path: '/devices',
    summary: 'The known devices of the account',
    tag: 'sessions',
    access: 'bearer',
    fresh: 'always',
    answers: { 200: { description: 'The last used first', schema: DeviceList } },
  },
  async (context, { caller }) => reply(200, { devices: await listDevices(context, caller.session) }),
);

const remove = gatewayRoute(
  {
    method: 'delete',
    path: '/devices/:id',
    summary: 'Makes a device unknown again',
    tag: 'sessions',
    access: 'bearer',
    fresh: 'always',
    params: z.object({ id: z.string().meta({ description: 'From GET /devices' }) }),
    answers: { 204: { description: 'The device is unknown' } },
    problems: ['not-found'],
  },
  async (context, { caller, params }) => {
    const id = readId(params.id);
    const removed = id !== undefined && (await removeDevice(context, caller.asker, caller.session, id));
    return removed ? reply(204) : refuse(problems['not-found'], { detail: 'There is no such device.' });
  },
);

export const deviceRoutes = [list, remove];
