// Promises 3 and 5 against clients that hold connections: slow headers and bodies (slowloris), slow readers, idle ones, and
// those that leave while their password is being hashed. SALLYPORT_CHAOS=1 opens 5,000 idle connections instead of 500, and
// waits for the idle and the slow readers to be closed as well.
// Runs on one back end: what it is about is decided before any store is asked.
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { expect, signUp } from './support/people.ts';
import { logInOwner, signUpEnrolled } from './support/process-people.ts';
import { startProcessStack } from './support/process-stack.ts';
import { startStack } from './support/stack.ts';
import { until } from './support/until.ts';

const chaos = process.env.SALLYPORT_CHAOS === '1';

/** A connection on which this is sent, and then a byte a second, or nothing. */
function openSlow(url: string, first: string, drip = ''): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  const timer = drip ? setInterval(() => socket.writable && socket.write(drip), 1_000) : undefined;
  socket.on('close', () => clearInterval(timer));
  return new Promise((resolve) => socket.once('connect', () => socket.write(first, () => resolve(socket))));
}

const many = (count: number, open: () => Promise<Socket>) => Promise.all(Array.from({ length: count }, open));

test('slowloris, slow bodies, slow readers and idle connections are closed by time-outs, and logins go on', async () => {
  // Parts of one process would wait for one another: here the gateway alone has 4,000 answers to give.
  await using stack = await startProcessStack();
  const { url, opsUrl } = stack.gateway;
  const ada = await signUpEnrolled(stack.api);
  const login = 'POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4096\r\n';
  const idle = await many(chaos ? 5_000 : 500, () => openSlow(url, ''));
  const headers = await many(50, () => openSlow(url, login, 'X-A: b\r\n'));
  const bodies = await many(50, () => openSlow(url, `${login}\r\n{`, ' '));
  const readers = await many(20, () => openSlow(url, 'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(200)));
  const all = [...idle, ...headers, ...bodies, ...readers];
  try {
    for (const socket of [...idle, ...headers, ...bodies]) socket.resume();
    for (let at = 0; at < 3; at += 1) await logInOwner(stack.api, ada);
    const gone = (sockets: Socket[]) => () => sockets.every((socket) => socket.closed);
    await until('slow headers and bodies are closed', gone([...headers, ...bodies]), { ms: 120_000, everyMs: 250 });
    await logInOwner(stack.api, ada);
    if (!chaos) return;
    await until('idle ones are closed', gone(idle), { ms: 120_000, everyMs: 250 });
    const connections = async () => {
      const text = await (await fetch(`${opsUrl}/metrics`)).text();
      return Number(/nodejs_active_resources\{type="TCPSocketWrap"\} (\d+)/.exec(text)?.[1] ?? 0);
    };
    await until('slow readers are closed', async () => (await connections()) < 100, { ms: 120_000, everyMs: 250 });
  } finally {
    for (const socket of all) socket.destroy();
  }
});

test('clients that leave during the hash are counted all the same, and the limit comes at its number', async () => {
  await using stack = await startStack({ env: { BCRYPT_COST: '10' } });
  const url = stack.parts.gateways[0]?.url ?? '';
  const { username, password } = await signUp(stack.api);
  const body = JSON.stringify({ username, password: 'a wrong pass phrase' });
  const head = `POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  for (let at = 0; at < 10; at += 1) (await openSlow(url, head + body)).destroy();
  const failed = async () =>
    stack.sql(`select body from gateway.outbox where body like '%login.failed%'
               union all select body from gateway.audit_event where body like '%login.failed%'`);
  await until('all are recorded', async () => (await failed()).length === 10);
  expect(429, await stack.api('POST', '/login', { body: { username, password } }));
});
