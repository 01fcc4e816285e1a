import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { choosePorts } from './choose-ports.ts';
import { readSupervisorConfig } from './config.ts';

const config = (env: Record<string, string>) => readSupervisorConfig(env);

describe('the ports of npm start', () => {
  it('are six different ones where each may be any', async () => {
    const { users, otp, gateway } = await choosePorts(config({ GATEWAY_PORT: '0', USERS_PORT: '0', OTP_PORT: '0' }), 0);
    const all = [users, otp, gateway].flatMap(({ http, ops }) => [http, ops]);
    assert.equal(new Set(all).size, 6);
    assert.ok(all.every((port) => port >= 10_000 && port < 32_000));
  });

  it('refuse a busy one and name its variable', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    const wanted = config({ GATEWAY_PORT: String(port), USERS_PORT: '0', OTP_PORT: '0' });
    await assert.rejects(choosePorts(wanted, 0), new RegExp(`^StartError: Port ${port} .* is in use: .*GATEWAY_PORT`));
    server.close();
  });

  it('refuse twins, and a host that is not here', async () => {
    await assert.rejects(choosePorts(config({ USERS_PORT: '8080' }), 0), /must differ/);
    await assert.rejects(
      choosePorts(config({ HOST: '192.0.2.1', USERS_PORT: '0' }), 0),
      /HOST 192.0.2.1 is no address/,
    );
  });
});
