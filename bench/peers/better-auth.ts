import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { createTestDatabase } from '../../test/support/database.ts';
import { fetchPackages } from './fetch-packages.ts';
import type { Peer } from './peer.ts';
import { startPeer } from './start-peer.ts';

const version = '1.7.25';
const wanted = [`better-auth@${version}`, 'pg@8.23.1', 'bcrypt@6.0.0'];
const server = fileURLToPath(new URL('./better-auth-server.ts', import.meta.url));

/** One process of Node.js, a database of its own on the same PostgreSQL. */
export const betterAuth: Peer = {
  name: 'better-auth',
  title: `better-auth ${version} with twoFactor, PostgreSQL`,
  async start({ cost, postgresUrl, signal, tell }) {
    const modules = await fetchPackages(`better-auth-${version}`, { wanted, withScripts: [] }, { signal, tell });
    await using opened = new AsyncDisposableStack();
    const database = opened.use(await createTestDatabase({ server: postgresUrl }));
    const peer = opened.use(
      await startPeer((port) => ({
        name: 'better-auth',
        command: process.execPath,
        args: [server],
        env: {
          NODE_ENV: 'production',
          PEER_MODULES: modules,
          PEER_PORT: String(port),
          PEER_DATABASE_URL: database.url,
          PEER_SECRET: randomBytes(32).toString('hex'),
          PEER_COST: String(cost),
        },
      })),
    );
    const all = opened.move();
    return { ...peer, [Symbol.asyncDispose]: () => all.disposeAsync() };
  },
};
