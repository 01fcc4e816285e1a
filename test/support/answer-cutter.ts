import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface AnswerCutter extends AsyncDisposable {
  readonly url: string;
  /** Cuts the next connection on which this text is sent: before the server has it, or once the server has answered it. */
  cutAt(text: string, when: 'before' | 'after'): Promise<void>;
}

/** A way to a PostgreSQL that breaks at one statement: its caller can't know whether it was carried out. */
export async function startAnswerCutter(databaseUrl: string): Promise<AnswerCutter> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let armed: { text: string; when: 'before' | 'after'; done: () => void } | undefined;
  const server = createServer((inner) => {
    const outer = connect(Number(target.port || 5432), target.hostname);
    let cutting: (() => void) | undefined;
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    const cut = (done: () => void) => {
      inner.resetAndDestroy();
      outer.destroy();
      done();
    };
    inner.on('close', () => outer.destroy());
    outer.on('close', () => inner.destroy());
    inner.on('data', (chunk) => {
      if (armed === undefined || !chunk.includes(armed.text)) return void outer.write(chunk);
      const { when, done } = armed;
      armed = undefined;
      if (when === 'before') return cut(done);
      cutting = done;
      outer.write(chunk);
    });
    outer.on('data', (chunk) => (cutting ? cut(cutting) : void inner.write(chunk)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${(server.address() as AddressInfo).port}` }).href,
    cutAt: (text, when) => new Promise((done) => (armed = { text, when, done })),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
