// What a newer gateway sends to a service: every call on its way gets fields that this version doesn't know, in its body,
// its query and the context in its token, and loses those that may be left out.
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { signServiceToken } from '@sallyport/http';

type NewerGateway = AsyncDisposable & { url: string; calls: Set<string> };

const unknown = { invented_tomorrow: { deep: [true] } };
const optional = new Set(['tell']);

/** A way to the service at `target`, for whose calls `secret` signs. */
export async function startNewerGateway(target: string, secret: string): Promise<NewerGateway> {
  const calls = new Set<string>();

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await buffer(req);
    const { method = 'GET', url = '/' } = req;
    calls.add(`${method} ${url.replace(/\?.*/, '').replace(/[0-9a-f-]{36}/, ':id')}`);
    const sent = body.length === 0 ? body : Buffer.from(JSON.stringify(extend(JSON.parse(body.toString()))));
    const headers = {
      ...req.headers,
      authorization: `Bearer ${renew(req.headers.authorization?.slice(7) ?? '', secret)}`,
      ...(body.length === 0 ? {} : { 'content-length': String(sent.length) }),
    };
    const path = `${url}${url.includes('?') ? '&' : '?'}invented_tomorrow=1`;
    const outgoing = request(`${target}${path}`, { method, headers, agent: false });
    outgoing.on('error', () => res.destroy()).end(sent);
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    res.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(res);
  }

  const server = createServer((req, res) => void serve(req, res).catch(() => res.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function extend(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(extend);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => !optional.has(name));
  return { ...Object.fromEntries(kept.map(([name, entry]) => [name, extend(entry)])), ...unknown };
}

function renew(token: string, secret: string): string {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  const context = { ...claims.ctx, ...unknown };
  return signServiceToken(claims.aud, [secret], () => claims.iat * 1_000, { context, subject: claims.sub });
}
