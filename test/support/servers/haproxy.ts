// HAProxy with docker/haproxy.cfg, as Docker Compose runs it: only where it listens and where gateways are is different.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './find-servers.ts';
import { findFreePort } from './free-port.ts';
import { startServer, type TestServer } from './server.ts';
import { createServerFolder } from './server-folder.ts';

const program = findProgram('haproxy');
const configuration = join(import.meta.dirname, '../../../docker/haproxy.cfg');

export const haproxyMissing: string | false = program ? false : 'haproxy is not installed';

/** In front of these gateways, which need not run yet. */
export async function startHaproxy(gateways: readonly { url: string; opsUrl: string }[]): Promise<TestServer> {
  if (!program) throw new Error('haproxy is not installed');
  const folder = createServerFolder('haproxy');
  const port = await findFreePort();
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, configure(port, gateways));
  const url = `http://127.0.0.1:${port}`;
  return startServer({
    name: 'haproxy',
    url,
    folder,
    command: program,
    args: ['-db', '-f', file],
    stopSignal: 'SIGTERM',
    closeSignal: 'SIGKILL',
    startTimeoutMs: 20_000,
    isReady: async () => (await fetch(`${url}/healthz`).catch(() => undefined)) !== undefined,
  });
}

function configure(port: number, gateways: readonly { url: string; opsUrl: string }[]): string {
  const text = readFileSync(configuration, 'utf8').replace(/^resolvers [\s\S]*?\n\n/m, '');
  const template = /^( +)server-template gateway \d+ \S+ check port \d+ (.*) resolvers docker init-addr none$/m;
  const [line = '', indent = '', options = ''] = template.exec(text) ?? [];
  if (line === '') throw new Error('docker/haproxy.cfg has no server-template as it was');
  const servers = gateways.map(({ url, opsUrl }, at) => {
    const { host } = new URL(url);
    return `${indent}server gateway${at + 1} ${host} check port ${new URL(opsUrl).port} ${options}`;
  });
  return text.replace('bind :8080', `bind 127.0.0.1:${port}`).replace(line, servers.join('\n'));
}
