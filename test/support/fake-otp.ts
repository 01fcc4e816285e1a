import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readConfig } from '@sallyport/config';
import { GatewayConfig } from '../../gateway/config.ts';
import { startGateway } from '../../gateway/start-gateway.ts';
import { type Api, createApi, openConnections } from './api.ts';
import type { Stack } from './stack.ts';

/** Makes an answer in otp's place, from the body that otp was asked with. */
export type Lie = (asked: Record<string, unknown>, res: ServerResponse, req: IncomingMessage) => void;

export interface FakeOtp extends AsyncDisposable {
  /** Calls to a gateway that takes this for otp. */
  api: Api;
  /** Of that gateway. */
  url: string;
  /** What it answers to paths below this one; everything else goes on to the real otp. */
  lie(path: string, lie: Lie): void;
}

/** A server between a gateway of its own and the stack's otp: truthful until it is told to lie. */
export async function startFakeOtp(stack: Stack): Promise<FakeOtp> {
  const realUrl = stack.parts.otps[0]?.url ?? '';
  let lied: { path: string; lie: Lie } | undefined;
  const server = createServer(async (req, res) => {
    const body = await readAll(req);
    if (lied && req.url?.startsWith(lied.path)) return lied.lie(body ? JSON.parse(body) : {}, res, req);
    const { authorization = '', 'content-type': type = 'application/json' } = req.headers;
    const headers = { authorization, 'content-type': type };
    const init = { method: req.method ?? 'GET', headers, ...(body ? { body } : {}) };
    const answer = await fetch(`${realUrl}${req.url}`, init);
    res.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    res.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const urls = { USERS_URL: stack.parts.users.url, OTP_URL: `http://127.0.0.1:${port}` };
  const { clock, redisPrefix, auditNames } = stack;
  const config = readConfig(GatewayConfig, { ...stack.env, ...urls });
  const gateway = await startGateway(config, {
    now: clock.now,
    databaseNow: async () => clock.now(),
    redisPrefix,
    auditNames,
  });
  const connections = openConnections();
  return {
    api: createApi(gateway.url, connections),
    url: gateway.url,
    lie(path, lie) {
      lied = { path, lie };
    },
    async [Symbol.asyncDispose]() {
      await connections[Symbol.asyncDispose]();
      await gateway.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function readAll(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
