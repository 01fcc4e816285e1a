// TLS to PostgreSQL: who can't prove to be the server of the URL is refused, in one sentence.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type Authority, createAuthority, opensslMissing } from '../../test/support/servers/certificates.ts';
import { findServers } from '../../test/support/servers/find-servers.ts';
import { startPostgres } from '../../test/support/servers/postgres.ts';
import type { TestServer } from '../../test/support/servers/server.ts';
import { openDb } from './db.ts';
import { requireMigrated } from './require-migrated.ts';

const skip =
  process.env.TEST_BACKEND === 'embedded'
    ? 'the real back end does it, with servers of its own'
    : opensslMissing || (findServers().postgres.missing ?? false);

suite('TLS to PostgreSQL', { skip }, () => {
  let authority: Authority;
  let postgres: TestServer;

  before(async () => {
    authority = createAuthority();
    const { cert, key } = authority.issue('localhost');
    const access = join(authority.ca, '..', 'hba');
    // A robot without a password proves itself by a certificate for its name.
    writeFileSync(access, 'hostssl all robot 127.0.0.1/32 cert\nhost all all 127.0.0.1/32 scram-sha-256\n', {
      mode: 0o644,
    });
    const files = { ssl_cert_file: cert, ssl_key_file: key, ssl_ca_file: authority.ca, hba_file: access };
    postgres = await startPostgres({ settings: { ssl: 'on', ...files } });
  });
  after(async () => {
    await postgres?.close();
    authority?.[Symbol.dispose]();
  });

  const urlWith = (parameters: Record<string, string>, host = 'localhost', user?: string) => {
    const url = new URL(postgres.url);
    url.hostname = host;
    if (user) Object.assign(url, { username: user, password: '' });
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url.href;
  };

  async function assertRefused(url: string, why: RegExp): Promise<void> {
    const db = openDb({ url, name: 'test' });
    const part = { name: 'otp', url, migrations: { schema: 'otp', folder: import.meta.dirname } };
    await assert.rejects(requireMigrated(db, part), ({ message }: Error) => {
      assert.match(message, /^otp: the database at (localhost|127\.0\.0\.1):\d+\/postgres can't be used: [^\n]+$/);
      assert.match(message, why);
      assert.ok(!message.includes(new URL(postgres.url).password));
      return true;
    });
    await db.close();
  }

  test('verify-full with the right authority and name is encrypted, with the authority read anew for each connection', async () => {
    const db = openDb({ url: urlWith({ sslmode: 'verify-full', sslrootcert: authority.ca }), name: 'test' });
    assert.deepEqual(await db.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()'), [{ ssl: true }]);
    await db.close();
  });

  test('another name than that of the certificate, and another authority, are refused', async () => {
    const right = { sslmode: 'verify-full', sslrootcert: authority.ca };
    await assertRefused(urlWith(right, '127.0.0.1'), /does not match certificate's altnames/);
    using stranger = createAuthority();
    await assertRefused(urlWith({ ...right, sslrootcert: stranger.ca }), /unable to verify|unable to get|self.signed/);
    await assertRefused(urlWith({ sslmode: 'verify-full' }), /unable to verify|unable to get|self.signed/);
    await assertRefused(urlWith({ ...right, sslrootcert: '/nowhere/ca.pem' }), /no such file.*\/nowhere\/ca\.pem/);
  });

  test('a client proves itself by a certificate for its name', async () => {
    const server = { sslmode: 'verify-full', sslrootcert: authority.ca };
    const admin = openDb({ url: postgres.url, name: 'test', max: 1 });
    await admin.script('create role robot login');
    await admin.close();
    const own = authority.issue('robot');
    const db = openDb({
      url: urlWith({ ...server, sslcert: own.cert, sslkey: own.key }, 'localhost', 'robot'),
      name: 'test',
    });
    assert.deepEqual(await db.query('select current_user as name'), [{ name: 'robot' }]);
    await db.close();
    const other = authority.issue('ada');
    await assertRefused(
      urlWith({ ...server, sslcert: other.cert, sslkey: other.key }, 'localhost', 'robot'),
      /certificate authentication failed for user "robot"/,
    );
  });
});
