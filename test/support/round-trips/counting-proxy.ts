// Between a part and what it calls: passes everything on, and keeps what was asked, one entry for each round trip. It
// reads what is on the wire, so it leans on nothing that the part says of itself.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What begins a round trip in the next bytes of one connection, in words. */
export type ReadTrips = (chunk: Buffer) => string[];

export type CountingProxy = AsyncDisposable & {
  readonly port: number;
  /** What was asked since the last time. */
  take(): string[];
};

/** Listens on a free port of 127.0.0.1; each connection has a reader of its own. */
export async function startCountingProxy(
  target: { host: string; port: number },
  createReader: () => ReadTrips,
): Promise<CountingProxy> {
  const sockets = new Set<Socket>();
  let trips: string[] = [];

  function join(from: Socket, to: Socket): void {
    sockets.add(from);
    from.setNoDelay(true);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
    from.pipe(to);
  }

  const server = createServer((inner) => {
    const read = createReader();
    const outer = connect(target);
    inner.on('data', (chunk: Buffer) => trips.push(...read(chunk)));
    join(inner, outer);
    join(outer, inner);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    take() {
      const taken = trips;
      trips = [];
      return taken;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
