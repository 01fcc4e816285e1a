import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectStatus, openHttpApi } from '../load/http-api.ts';
import { logInAsAdmin, otpScheme } from '../load/targets/glewlwyd.ts';
import type { Peer } from './peer.ts';
import { requireDebian } from './require-debian.ts';
import { startPeer } from './start-peer.ts';

/** Else its package makes a configuration for the whole system, with a database and a user. */
const answers = ['glewlwyd glewlwyd/config_type select No configuration'];
const tables = '/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3';

/** One process of Debian's own; its database, a file, comes from the package. */
export const glewlwyd: Peer = {
  name: 'glewlwyd',
  title: 'glewlwyd with its OTP scheme, SQLite',
  ownHash: 'PBKDF2',
  async start(options) {
    await requireDebian(['glewlwyd'], { ...options, answers });
    await using opened = new AsyncDisposableStack();
    const peer = opened.use(
      await startPeer((port, folder) => {
        writeFileSync(join(folder, 'glewlwyd.conf'), createConfig(port));
        return {
          name: 'glewlwyd',
          command: '/bin/sh',
          args: ['-c', 'sqlite3 glewlwyd.db <"$TABLES" && exec glewlwyd --config-file=glewlwyd.conf'],
          env: { TABLES: tables },
        };
      }),
    );
    await demandCodes(peer.url);
    const all = opened.move();
    return { ...peer, [Symbol.asyncDispose]: () => all.disposeAsync() };
  },
};

/** As its sample, but on plain HTTP, on the loopback address alone, and with errors alone in the log. */
function createConfig(port: number): string {
  const modules = '/usr/lib/glewlwyd';
  return `
port = ${port}
bind_address = "127.0.0.1"
external_url = "http://127.0.0.1:${port}"
api_prefix = "api"
cookie_domain = "127.0.0.1"
cookie_secure = 0
log_mode = "console"
log_level = "ERROR"
user_module_path = "${modules}/user"
user_middleware_module_path = "${modules}/user_middleware"
client_module_path = "${modules}/client"
user_auth_scheme_module_path = "${modules}/scheme"
plugin_module_path = "${modules}/plugin"
hash_algorithm = "SHA512"
database = { type = "sqlite3"; path = "glewlwyd.db"; };
`;
}

const otpModule = {
  module: otpScheme.scheme_type,
  name: otpScheme.scheme_name,
  display_name: 'code',
  expiration: 600,
  max_use: 0,
  allow_user_register: true,
  parameters: {
    issuer: 'peer',
    'otp-length': 6,
    'secret-minimum-size': 20,
    'hotp-allow': false,
    'totp-allow': true,
    'totp-window': 30,
  },
};

const profileScope = {
  display_name: 'profile',
  password_required: true,
  password_max_age: 600,
  scheme: { second: [otpScheme] },
  scheme_required: { second: 1 },
};

/** From then on nobody sees his profile without a code. */
async function demandCodes(url: string): Promise<void> {
  const api = openHttpApi(url);
  const headers = await logInAsAdmin(api);
  expectStatus(200, await api.call('POST', '/api/mod/scheme/', { body: otpModule, headers }));
  expectStatus(200, await api.call('PUT', '/api/scope/g_profile', { body: profileScope, headers }));
}
