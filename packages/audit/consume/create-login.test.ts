import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { codeAt } from '../../../test/support/authenticator.ts';
import { until } from '../../../test/support/until.ts';
import { createLogin } from './create-login.ts';

const robot = { username: 'robot', password: 'a long pass phrase', secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' };

interface Call {
  path: string;
  body: Record<string, string>;
}

/** A gateway that answers each call with the next of these answers: a status, and a token or a code. */
async function startGateway(...answers: [status: number, what: string][]) {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    calls.push({ path: request.url ?? '', body: JSON.parse(text) });
    const [status, what] = answers[calls.length - 1] ?? [500, 'unexpected'];
    const tokens = {
      access_token: what,
      expires_in: 600,
      refresh_token: `refresh ${what}`,
      device_token: `device ${what}`,
    };
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(status === 200 ? tokens : { code: what }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const clock = { ms: Date.UTC(2026, 0, 2) };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    calls,
    clock,
    login: createLogin({ url, ...robot, now: () => clock.ms }),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

test('logs in once for all who ask, and refreshes before the token ends', async () => {
  await using gateway = await startGateway([200, 'one'], [200, 'two']);
  assert.deepEqual(await Promise.all([gateway.login(), gateway.login()]), ['one', 'one']);
  assert.equal(await gateway.login(), 'one');
  const [first] = gateway.calls;
  assert.deepEqual(first?.body, {
    username: 'robot',
    password: robot.password,
    otp: codeAt(robot.secret, gateway.clock.ms),
  });
  gateway.clock.ms += 545_000;
  assert.equal(await gateway.login(), 'two');
  assert.deepEqual(gateway.calls[1], { path: '/token/refresh', body: { refresh_token: 'refresh one' } });
  assert.equal(gateway.calls.length, 2);
});

test('logs in again as the same device when the session has ended', async () => {
  await using gateway = await startGateway([200, 'one'], [401, 'invalid-refresh-token'], [200, 'two']);
  await gateway.login();
  assert.equal(await gateway.login('one'), 'two');
  assert.equal(gateway.calls[2]?.path, '/login');
  assert.equal(gateway.calls[2]?.body.device_token, 'device one');
});

test('waits for the next code where the present one was used, and says why it is refused without saying with what', async () => {
  await using gateway = await startGateway(
    [401, 'invalid-otp'],
    [200, 'one'],
    [401, 'x'],
    [401, 'invalid-credentials'],
  );
  gateway.clock.ms += 29_990;
  assert.equal(await gateway.login(), 'one');
  await assert.rejects(gateway.login('one'), { message: 'the login was refused: 401 invalid-credentials' });
});

test('a stop ends the waiting for the next code', async () => {
  await using gateway = await startGateway([401, 'invalid-otp'], [200, 'one']);
  const stopping = new AbortController();
  const login = gateway.login(undefined, stopping.signal);
  const refused = assert.rejects(login, { name: 'AbortError' });
  await until('the first code is refused', () => gateway.calls.length === 1);
  stopping.abort();
  await refused;
  assert.equal(await gateway.login(), 'one');
});
