// Accounts as signing up, enrolling and a first login would have left them: in users, otp and gateway, with a known device.

import type { Db } from '@sallyport/postgres';
import { randomBytes } from '@sallyport/random';
import bcrypt from 'bcrypt';
import { factorBinding, recoverySetBinding, seal } from '../../services/otp/domain/sealed.ts';
import { bcryptInput } from '../../services/users/hashing/password-hasher.ts';
import type { People, Person } from './people.ts';

/** Rows that one statement brings. */
export const pageRows = 2_500;

const accounts = `insert into users.account (id, username, password_hash, pepper_id, roles, otp_enabled, factor_version, locked_at,
    created_at)
  select id, username, $1, $2, case when roles = '' then '{}' else string_to_array(roles, ' ') end, has_factor,
    has_factor::int, case when is_locked then clock_timestamp() end, clock_timestamp() - make_interval(days => 400) * random()
  from unnest($3::uuid[], $4::text[], $5::text[], $6::boolean[], $7::boolean[])
    as person (id, username, roles, has_factor, is_locked)`;

const factors = `insert into otp.factor (user_id, version, active, enrolment_id, key_id, nonce, ciphertext, last_step, enabled_at)
  select id, 1, true, enrolment, $1, nonce, ciphertext, 1, clock_timestamp()
  from unnest($2::uuid[], $3::uuid[], $4::bytea[], $5::bytea[]) as factor (id, enrolment, nonce, ciphertext)`;

/** Everybody has used a code once, on one lane. */
const lanes = `insert into otp.lane (user_id, lane, attempts, accepted_at)
  select id, device, 1, 1 from unnest($1::uuid[], $2::text[]) as lane (id, device)`;

/** The hashes are nobody's codes; they lie as close as those of an account that was enrolled. */
const recoverySets = `with made as (
    insert into otp.recovery_set (user_id, set_id, key_id, nonce, ciphertext)
    select id, set_id, $1, nonce, ciphertext
    from unnest($2::uuid[], $3::uuid[], $4::bytea[], $5::bytea[]) as made (id, set_id, nonce, ciphertext) returning set_id)
  insert into otp.recovery_code (set_id, hash)
  select set_id, sha256(convert_to(set_id::text || code, 'UTF8')) from made, generate_series(1, 10) as code
  order by set_id`;

const subjects = `insert into gateway.subject (user_id, epoch, factor_version, locked)
  select id, 1, has_factor::int, is_locked from unnest($1::uuid[], $2::boolean[], $3::boolean[]) as s (id, has_factor, is_locked)`;

const devices = `insert into gateway.device (id, user_id, username, epoch, factor_version, key_id, secret, hash, ip, user_agent,
    last_used_at)
  select id, user_id, username, 1, has_factor::int, 'k1', secret, sha256(secret), host(inet '10.0.0.0' + (random() * 16777214)::int),
    $1, clock_timestamp() - make_interval(days => 90) * random()
  from unnest($2::uuid[], $3::uuid[], $4::text[], $5::boolean[], $6::bytea[]) as d (id, user_id, username, has_factor, secret)
  order by user_id`;

export const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** @param tell how many are there */
export async function fillAccounts(
  db: Db,
  people: People,
  { count, cost, signal }: { count: number; cost: number; signal: AbortSignal },
  tell: (done: number) => void,
): Promise<void> {
  const hash = await bcrypt.hash(bcryptInput(people.peppers.current, people.password), cost);
  const inPage = async (from: number) => {
    signal.throwIfAborted();
    const page = Array.from({ length: Math.min(pageRows, count - from) }, (_, at) => people.get(from + at));
    await Promise.all([
      db.query(accounts, [hash, people.peppers.current.id, ...accountColumns(page)]),
      fillOtp(
        db,
        people,
        page.filter((one) => one.hasFactor),
      ),
      fillGateway(db, page),
    ]);
    tell(from + page.length);
  };
  for (let from = 0; from < count; from += pageRows) await inPage(from);
}

const accountColumns = (page: Person[]) => [
  page.map(({ id }) => id),
  page.map(({ username }) => username),
  page.map(({ roles }) => roles.join(' ')),
  page.map(({ hasFactor }) => hasFactor),
  page.map(({ isLocked }) => isLocked),
];

async function fillOtp(db: Db, { ring }: People, page: Person[]): Promise<void> {
  const secrets = page.map((one) => seal(ring, randomBytes, one.secret, factorBinding(one.id, one.enrolmentId)));
  const keys = page.map((one) => seal(ring, randomBytes, randomBytes(32), recoverySetBinding(one.id, one.setId)));
  const ids = page.map(({ id }) => id);
  const sealed = (rows: typeof secrets) => [rows.map((row) => row.nonce), rows.map((row) => row.ciphertext)];
  const { id: keyId } = ring.current;
  await Promise.all([
    db.query(factors, [keyId, ids, page.map(({ enrolmentId }) => enrolmentId), ...sealed(secrets)]),
    db.query(recoverySets, [keyId, ids, page.map(({ setId }) => setId), ...sealed(keys)]),
    db.query(lanes, [ids, page.map(({ deviceId }) => deviceId)]),
  ]);
}

async function fillGateway(db: Db, page: Person[]): Promise<void> {
  const ids = page.map(({ id }) => id);
  const hasFactor = page.map((one) => one.hasFactor);
  await db.query(subjects, [ids, hasFactor, page.map(({ isLocked }) => isLocked)]);
  const deviceIds = page.map(({ deviceId }) => deviceId);
  const names = page.map(({ username }) => username);
  await db.query(devices, [userAgent, deviceIds, ids, names, hasFactor, page.map(() => randomBytes(32))]);
}
