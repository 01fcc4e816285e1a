import { fileURLToPath } from 'node:url';
import type { Peer } from './peer.ts';
import { requireDebian } from './require-debian.ts';
import { startPeer } from './start-peer.ts';

const packages = ['python3-fastapi', 'python3-pyotp', 'python3-uvicorn', 'python3-bcrypt'];
const folder = fileURLToPath(new URL('.', import.meta.url));

/** One process of Debian's own Python. */
export const tutorial: Peer = {
  name: 'tutorial',
  title: 'the tutorial app of FastAPI with pyotp, users in memory',
  async start({ cost, ...options }) {
    await requireDebian(packages, options);
    const server = ['-B', '-m', 'uvicorn', '--app-dir', folder, '--no-access-log', '--log-level', 'warning'];
    return await startPeer((port) => ({
      name: 'tutorial',
      command: '/usr/bin/python3',
      args: [...server, '--port', String(port), 'tutorial-app:app'],
      env: { PEER_COST: String(cost) },
    }));
  },
};
