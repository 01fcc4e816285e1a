// A private RabbitMQ. Everything that brokers on one machine share by default is its own here: the node name, the AMQP
// and distribution ports, the port mapper (epmd, which the first Erlang node would otherwise leave running for ever),
// the cookie, and the folders. Starting takes five to ten seconds, so the suite shares one and only tests that kill
// brokers start their own.
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { connect } from 'amqplib';
import { findEpmd, getServer } from './find-servers.ts';
import { findFreePort } from './free-port.ts';
import { startServer, type TestServer } from './server.ts';
import { createServerFolder } from './server-folder.ts';

export type RabbitmqServer = TestServer & {
  /** What others need to form a cluster with it. */
  readonly node: string;
  readonly cookie: string;
  readonly epmdPort: number;
  /** Runs `rabbitmqctl` against this broker and returns what it printed; about two seconds a call. */
  control(...args: string[]): Promise<string>;
};

async function answers(url: string): Promise<boolean> {
  try {
    const connection = await connect(url, { timeout: 2_000 });
    connection.on('error', () => undefined);
    await connection.close();
    return true;
  } catch {
    return false;
  }
}

export type RabbitmqOptions = {
  plugins?: readonly string[];
  /** Further lines of rabbitmq.conf. */
  settings?: readonly string[];
  /** Joins this one, and shares its epmd. */
  join?: RabbitmqServer;
};

function writeConfiguration(folder: string, port: number, cookie: string, options: RabbitmqOptions): void {
  for (const name of ['log', 'mnesia', 'generated']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'plugins'), `[${(options.plugins ?? []).join(',')}].\n`);
  writeFileSync(join(folder, 'environment'), '');
  writeFileSync(join(folder, '.erlang.cookie'), cookie, { mode: 0o400 });
  const settings = [
    `listeners.tcp.local = 127.0.0.1:${port}`,
    // A nearly full disk or memory of the machine is nothing the tests are about.
    'disk_free_limit.absolute = 1MB',
    'vm_memory_high_watermark.absolute = 1GB',
    'log.console = true',
    'log.console.level = warning',
    'log.file = false',
    ...(options.settings ?? []),
  ];
  writeFileSync(join(folder, 'rabbitmq.conf'), `${settings.join('\n')}\n`);
}

/** A private RabbitMQ on free ports, user guest. */
export async function startRabbitmq(options: RabbitmqOptions = {}): Promise<RabbitmqServer> {
  const command = getServer('rabbitmq');
  const epmd = findEpmd() ?? 'epmd';
  const folder = createServerFolder('rabbitmq');
  const { join: first } = options;
  const [port, distributionPort] = [await findFreePort(), await findFreePort()];
  const epmdPort = first?.epmdPort ?? (await findFreePort());
  const cookie = first?.cookie ?? randomBytes(20).toString('hex');
  const url = `amqp://guest:guest@127.0.0.1:${port}`;
  writeConfiguration(folder, port, cookie, options);
  const node = `test${port}@localhost`;
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    LANG: 'C.UTF-8',
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: node,
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'environment'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'generated'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2 -kernel inet_dist_use_interface {127,0,0,1}',
  };
  const companion = first
    ? undefined
    : spawn(epmd, ['-port', String(epmdPort), '-address', '127.0.0.1'], {
        cwd: '/',
        env,
        stdio: 'ignore',
        detached: true,
      });
  companion?.unref();
  const server = await startServer({
    name: 'rabbitmq',
    url,
    folder,
    command,
    args: [],
    env,
    stopSignal: 'SIGTERM',
    closeSignal: 'SIGKILL',
    startTimeoutMs: 90_000,
    isReady: () => answers(url),
    ...(companion && { companion }),
  });
  async function control(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(join(dirname(command), 'rabbitmqctl'), ['-n', node, '-q', ...args], {
      cwd: folder,
      env,
    });
    return stdout;
  }
  try {
    if (first) {
      await control('stop_app');
      await control('join_cluster', first.node);
      await control('start_app');
    }
  } catch (error) {
    await server.close();
    throw error;
  }
  return { ...server, node, cookie, epmdPort, control };
}
