// What must hold after every test, whatever it did: flags equal factors, the log is whole, no answer was an
// unplanned 5xx, and no event holds a secret.
import assert from 'node:assert/strict';
import { openDb } from '@sallyport/postgres';
import { readVerifiedLog } from '../../gateway/audit/testing/chain.ts';
import { waitForLog } from './audit-log.ts';
import type { Stack } from './stack.ts';

/** What a file's last hook does: checks that the stack is sound, and ends it either way. */
export async function endSoundly(stack: Stack): Promise<void> {
  await using ending = stack;
  await assertSound(ending);
}

export async function assertSound(stack: Stack): Promise<void> {
  await waitForLog(stack);
  await assertFlagsEqualFactors(stack);
  await assertLogIsWhole(stack);
  const { users, otps, gateways } = stack.parts;
  for (const part of [users, ...otps, ...gateways]) await assertNoFailures(part);
}

export async function assertFlagsEqualFactors(stack: Pick<Stack, 'sql'>): Promise<void> {
  const different = await stack.sql(
    `select a.id, a.otp_enabled, a.factor_version as flag_version, f.active, f.version
     from users.account a left join otp.factor f on f.user_id = a.id
     where a.otp_enabled is distinct from coalesce(f.active, false)
       or a.factor_version is distinct from coalesce(f.version, 0)`,
  );
  assert.deepEqual(different, []);
}

export async function assertLogIsWhole(stack: Pick<Stack, 'sql' | 'databaseUrl'>): Promise<void> {
  const db = openDb({ url: stack.databaseUrl, name: 'sound', max: 1 });
  try {
    for (const event of await readVerifiedLog(db)) assertTellsNothing(JSON.stringify(event));
  } finally {
    await db.close();
  }
  assert.deepEqual(await stack.sql('select * from gateway.audit_quarantine'), []);
}

/** Secrets are known by their form: pass phrases of tests, TOTP secrets, recovery codes, JWTs, and 256-bit handles. */
const secretForms = [/pass phrase/, /\b[A-Z2-7]{32}\b/, /\b[0-9A-Z]{4}(-[0-9A-Z]{4}){3}\b/, /eyJ/, /[\w-]{43}/];
const harmless = /\b([0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/g;

function assertTellsNothing(body: string): void {
  const text = body.replace(harmless, '');
  for (const form of secretForms) assert.doesNotMatch(text, form);
}

/** The parts still live and count every answer they gave; 503 is the one failure that may be planned. */
async function assertNoFailures({ name, opsUrl }: { name: string; opsUrl: string }): Promise<void> {
  const metrics = await (await fetch(`${opsUrl}/metrics`)).text();
  assert.match(metrics, /http_request_duration_seconds/, `${name} counts its answers`);
  const answers = metrics.split('\n').filter((line) => line.startsWith('http_request_duration_seconds_count'));
  assert.deepEqual(
    answers.filter((line) => /status="5(?!03)/.test(line)),
    [],
  );
}
