import { reply } from '@sallyport/http';
import { readLog } from '../domain/read-log.ts';
import { gatewayRoute } from '../gateway-route.ts';
import { unauthenticated } from '../refusals.ts';
import { EventQuery } from '../schemas/inputs.ts';
import { AuditEvents } from '../schemas/outputs.ts';

const lines = ['application/x-ndjson', 'application/jsonl'];
/** What a silent caller is given beyond the time that it asked to wait. */
const patienceSeconds = 30;

const events = gatewayRoute(
  {
    method: 'get',
    path: '/audit/events',
    summary: 'The audit log, in order',
    tag: 'audit',
    access: 'bearer',
    roles: ['audit', 'admin'],
    query: EventQuery,
    answers: {
      200: {
        description:
          'Events after a sequence number; or each on a line of its own, with `X-Last-Sequence`, by `Accept`',
        schema: AuditEvents,
        media: lines,
      },
    },
  },
  async (context, { query, caller, req }) => {
    const { wait, type, ...filter } = query;
    const gone = new AbortController();
    req.res?.once('close', () => gone.abort());
    req.setTimeout((wait + patienceSeconds) * 1_000);
    const page = await readLog(
      context,
      { session: caller.session, asker: caller.asker },
      { ...filter, types: type },
      { seconds: wait, signal: gone.signal },
    );
    if (page.outcome === 'ended') return unauthenticated();
    const { bodies, lastSequence } = page;
    const asLines = req.accepts(['application/json', ...lines]);
    if (lines.includes(String(asLines))) {
      const headers = { 'Content-Type': String(asLines), 'X-Last-Sequence': lastSequence };
      return reply(200, bodies.map((body) => `${body}\n`).join(''), headers);
    }
    const text = `{"events":[${bodies.join(',')}],"last_sequence":"${lastSequence}"}`;
    return reply(200, text, { 'Content-Type': 'application/json; charset=utf-8' });
  },
);

export const auditRoutes = [events];
