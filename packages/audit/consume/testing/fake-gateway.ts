import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AuditEvent } from '../../event/audit-event.ts';
import { testKeys } from './test-log.ts';

export interface FakeGateway extends AsyncDisposable {
  url: string;
  /** The paths that were asked for, in order. */
  asked: string[];
  /** The only token that it takes. */
  token: string;
}

/** Serves a log at `/audit/events`, as it is at that moment, and its keys. */
export async function startFakeGateway(events: () => readonly AuditEvent[]): Promise<FakeGateway> {
  const asked: string[] = [];
  const state = { token: 't1' };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://gateway');
    asked.push(request.url ?? '');
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    };
    if (pathname === '/.well-known/audit-keys.json') return answer(200, testKeys);
    if (request.headers.authorization !== `Bearer ${state.token}`) return answer(401, { code: 'unauthenticated' });
    const after = Number(searchParams.get('after'));
    const types = searchParams.getAll('type');
    const page = events()
      .filter(({ sequence, type }) => Number(sequence) > after && (types.length === 0 || types.includes(type)))
      .slice(0, Number(searchParams.get('limit')));
    answer(200, { events: page, last_sequence: page.at(-1)?.sequence ?? String(after) });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  });
}
