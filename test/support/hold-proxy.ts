// An HTTP proxy in front of a service that stops one call at a chosen place, so that a test can kill or suspend a
// process between two steps:
// - holdRequest: the call has left its caller, and the service has not seen it yet;
// - holdAnswer: the service is done, and its caller has not heard of it yet.
// A hold takes the next call that fits by method, path and a text somewhere in path or body, once. A call whose caller is
// gone goes on all the same, as on a real network.
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

type HeldCall = {
  /** Resolves once a call is held. */
  reached: Promise<void>;
  /** Lets the held call go on, or the next one pass if none came. */
  release(): void;
  /** The held call is lost. */
  drop(): void;
  /** Resolves once the service has answered the call that was held before it. */
  answered: Promise<void>;
};

export type HoldProxy = AsyncDisposable & {
  readonly url: string;
  holdRequest(method: string, path: RegExp, about?: string): HeldCall;
  holdAnswer(method: string, path: RegExp, about?: string): HeldCall;
  close(): Promise<void>;
};

type Place = 'request' | 'answer';
type Call = { method: string; path: string; body: string };
type Hold = { fits(place: Place, call: Call): boolean; reach(): void; goOn: Promise<boolean>; answer(): void };

/** Listens on a free port of 127.0.0.1 and passes every call on to the service at `target`. */
export async function startHoldProxy(target: string): Promise<HoldProxy> {
  const agent = new Agent({ keepAlive: true });
  const holds = new Set<Hold>();
  const settlers = new Set<() => void>();

  function hold(place: Place, method: string, path: RegExp, about = ''): HeldCall {
    const reached = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<boolean>();
    const answered = Promise.withResolvers<void>();
    const fits = (at: Place, call: Call) =>
      at === place && call.method === method && path.test(call.path) && `${call.path} ${call.body}`.includes(about);
    const entry = { fits, reach: reached.resolve, goOn: goOn.promise, answer: answered.resolve };
    const settle = (passes: boolean) => {
      holds.delete(entry);
      goOn.resolve(passes);
    };
    holds.add(entry);
    settlers.add(() => settle(false));
    return {
      reached: reached.promise,
      release: () => settle(true),
      drop: () => settle(false),
      answered: answered.promise,
    };
  }

  /** The hold that the call met here, once it may go on; nobody's call is dropped without a hold. */
  async function pass(place: Place, call: Call): Promise<{ goesOn: boolean; answer(): void }> {
    const found = [...holds].find((entry) => entry.fits(place, call));
    if (!found) return { goesOn: true, answer: () => undefined };
    holds.delete(found);
    found.reach();
    return { goesOn: await found.goOn, answer: found.answer };
  }

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    try {
      const body = await buffer(req);
      const { method = 'GET', url = '/' } = req;
      const call = { method, path: url.split('?')[0] ?? '', body: body.toString() };
      const before = await pass('request', call);
      if (!before.goesOn) return void res.destroy();
      const outgoing = request(`${target}${url}`, { method, headers: req.headers, agent });
      outgoing.end(body);
      const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
      const text = await buffer(answer);
      before.answer();
      const after = await pass('answer', call);
      if (!after.goesOn) return void res.destroy();
      const { 'transfer-encoding': _, connection: __, ...headers } = answer.headers;
      res.writeHead(answer.statusCode ?? 502, { ...headers, 'content-length': text.length }).end(text);
    } catch {
      res.destroy();
    }
  }

  const server = createServer((req, res) => {
    req.on('error', () => undefined);
    res.on('error', () => undefined);
    void serve(req, res);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  async function close(): Promise<void> {
    for (const settle of settlers) settle();
    server.close();
    server.closeAllConnections();
    agent.destroy();
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    holdRequest: (...what) => hold('request', ...what),
    holdAnswer: (...what) => hold('answer', ...what),
    close,
    [Symbol.asyncDispose]: close,
  };
}
