// amqps:// to a broker behind TLS: who can't prove to be the node of the URL gets no event.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { pipeline } from 'node:stream';
import { test } from 'node:test';
import { createServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { type Certificate, createAuthority, opensslMissing } from '../../test/support/servers/certificates.ts';
import { openBroker } from './broker.ts';
import { brokerMissing, type TappedBroker, tapBroker } from './testing/tapped-broker.ts';

const skip = brokerMissing || opensslMissing;

test('a node is believed whose certificate is for its name, by an authority that Node.js knows, and no other', {
  skip,
}, async () => {
  await using broker = await tapBroker();
  using authority = createAuthority();
  await using node = await startNode(broker, authority.issue('localhost'));
  const open = (host: string) => {
    const { username, password, pathname } = broker.url;
    const url = `amqps://${username || 'guest'}:${password || 'guest'}@${host}:${node.port}${pathname}`;
    const { signal } = new AbortController();
    return openBroker({ url, names: broker.names, signal, onFault: () => undefined });
  };
  await assert.rejects(open('localhost'), /unable to verify|unable to get|self.signed/);
  // What NODE_EXTRA_CA_CERTS does as a process starts.
  setDefaultCACertificates([...getCACertificates(), readFileSync(authority.ca, 'utf8')]);
  await assert.rejects(open('127.0.0.1'), /does not match certificate's altnames/);
  const trusted = await open('localhost');
  const confirmed = new Promise<void>((resolve) => trusted.publish({ id: '1', type: 'a.type', body: '{}' }, resolve));
  await confirmed;
  await trusted.close();
  assert.equal((await broker.readStream(1)).length, 1);
});

/** TLS before the suite's broker. */
async function startNode(
  broker: TappedBroker,
  { cert, key }: Certificate,
): Promise<AsyncDisposable & { port: number }> {
  const { hostname, port } = broker.url;
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (inner) => {
    const outer = connect(Number(port || 5672), hostname);
    pipeline(inner, outer, inner, () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
