import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../test/support/servers/find-servers.ts';
import type { RunningPeer } from '../peers/peer.ts';
import { startPeer } from '../peers/start-peer.ts';

const answerPicture = fileURLToPath(new URL('./answer-picture.ts', import.meta.url));
const bareProxy = fileURLToPath(new URL('./bare-proxy.ts', import.meta.url));

/** One process that answers with these bytes. */
export function startPicture(bytes: Buffer): Promise<RunningPeer> {
  return startPeer((port, folder) => {
    const picture = join(folder, 'picture');
    writeFileSync(picture, bytes);
    const env = { PICTURE: picture, PEER_PORT: String(port) };
    return { name: 'picture', command: process.execPath, args: [answerPicture], env };
  });
}

export function startBareProxy(target: string): Promise<RunningPeer> {
  return startPeer((port) => {
    const env = { NODE_ENV: 'production', PICTURE_URL: target, PEER_PORT: String(port) };
    return { name: 'proxy', command: process.execPath, args: [bareProxy], env };
  });
}

/** One worker that keeps connections alive; undefined where nginx isn't installed. */
export function startNginx(target: string): Promise<RunningPeer | undefined> {
  const nginx = findProgram('nginx');
  if (nginx === undefined) return Promise.resolve(undefined);
  return startPeer((port, folder) => {
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, configure(port, folder, new URL(target).host));
    return {
      name: 'nginx',
      command: nginx,
      args: ['-p', folder, '-c', file, '-e', join(folder, 'error.log')],
      env: {},
    };
  });
}

function configure(port: number, folder: string, upstream: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
${temporary.map((name) => `  ${name}_temp_path ${folder}/${name};`).join('\n')}
  upstream picture { server ${upstream}; keepalive 32; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://picture;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`;
}
