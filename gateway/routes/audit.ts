import { reply } from '@sallyport/http';
import { readEvents } from '../audit/read-events.ts';
import { gatewayRoute } from '../gateway-route.ts';
import { EventQuery } from '../schemas/inputs.ts';
import { AuditEvents } from '../schemas/outputs.ts';

const events = gatewayRoute(
  {
    method: 'get',
    path: '/audit/events',
    summary: 'The audit log, in order',
    tag: 'audit',
    access: 'bearer',
    roles: ['audit', 'admin'],
    query: EventQuery,
    answers: { 200: { description: 'Events after a sequence number', schema: AuditEvents } },
  },
  async (context, { query }) => {
    const { bodies, lastSequence } = await readEvents(context.db, query);
    const text = `{"events":[${bodies.join(',')}],"last_sequence":"${lastSequence}"}`;
    return reply(200, text, { 'Content-Type': 'application/json; charset=utf-8' });
  },
);

export const auditRoutes = [events];
