// A network between two parts that a test can break. What is written before cut() may be lost, as on a real network;
// through stall() and slow() everything still arrives, in order.
// - cut() resets every live connection, new ones still work. refuse() turns new ones away and leaves the live ones.
// - stall() takes connections and bytes and passes nothing on, in either direction, until resume().
// - aim(port) leads new connections elsewhere, as an address that moves; stall what is there for one that moved silently.
// - slow(ms) delays every chunk by that much, in each direction.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Proxy = AsyncDisposable & {
  readonly port: number;
  cut(): void;
  stall(): void;
  resume(): void;
  refuse(): Promise<void>;
  accept(): Promise<void>;
  slow(milliseconds: number): void;
  aim(port: number): void;
  close(): Promise<void>;
};

/** Listens on a free port of 127.0.0.1 and passes every connection on to the target. */
export async function startProxy(targetHost: string, targetPort: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let gate = Promise.withResolvers<void>();
  gate.resolve();
  let delayMs = 0;
  let aimed = targetPort;

  function track(socket: Socket): void {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  }

  async function passOn(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from) {
        if (delayMs > 0) await sleep(delayMs);
        await gate.promise;
        if (!to.write(chunk)) await once(to, 'drain');
      }
      await gate.promise;
      to.end();
    } catch {
      from.destroy();
      to.resetAndDestroy();
    }
  }

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, async (inner) => {
    track(inner);
    await gate.promise;
    if (inner.destroyed) return;
    const outer = connect({ host: targetHost, port: aimed, allowHalfOpen: true });
    track(outer);
    inner.on('close', () => outer.destroy());
    outer.on('close', () => inner.destroy());
    void passOn(inner, outer);
    void passOn(outer, inner);
  });

  async function listen(port: number): Promise<void> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  }

  function cut(): void {
    for (const socket of sockets) socket.resetAndDestroy();
  }

  async function refuse(): Promise<void> {
    if (!server.listening) return;
    // Its callback would wait for the live connections; the port is free at once.
    server.close();
  }

  await listen(0);
  const { port } = server.address() as AddressInfo;

  async function close(): Promise<void> {
    gate.resolve();
    await refuse();
    cut();
  }

  return {
    port,
    cut,
    stall() {
      gate.resolve();
      gate = Promise.withResolvers<void>();
    },
    resume: () => gate.resolve(),
    refuse,
    async accept() {
      if (!server.listening) await listen(port);
    },
    slow(milliseconds) {
      delayMs = milliseconds;
    },
    aim(port) {
      aimed = port;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
