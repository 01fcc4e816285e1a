import type { Db } from '@sallyport/postgres';
import { pageRows, userAgent } from './fill-accounts.ts';
import type { People } from './people.ts';

/** Live ones, whose tokens nobody has. */
const sessions = `insert into gateway.session (id, user_id, username, account_created_at, roles, epoch, factor_version, amr,
    auth_time, challenge_hash, refresh_number, refresh_key_id, refresh_secret, refresh_hash, ip, user_agent, expires_at,
    device_id, last_used_at)
  select gen_random_uuid(), d.user_id, d.username, d.created_at, '{}', d.epoch, d.factor_version,
    case d.factor_version when 0 then array['pwd'] else array['pwd', 'otp', 'mfa'] end,
    extract(epoch from clock_timestamp())::bigint, encode(sha256(uuid_send(gen_random_uuid())), 'hex'), (random() * 40)::int,
    'k1', sha256(uuid_send(gen_random_uuid())), sha256(uuid_send(gen_random_uuid())), d.ip, $1,
    clock_timestamp() + interval '1 day', d.id, clock_timestamp() - interval '10 minutes' * random()
  from unnest($2::uuid[]) with ordinality as p (id, at) join gateway.device d using (id) order by at`;

/** Sessions of people in turn; whoever is locked has one too, which the fence has overtaken. */
export async function fillSessions(
  db: Db,
  people: People,
  { count, accounts, signal }: { count: number; accounts: number; signal: AbortSignal },
  tell: (done: number) => void,
): Promise<void> {
  const stride = Math.max(1, Math.floor(accounts / Math.max(1, count)));
  for (let from = 0; from < count; from += pageRows) {
    signal.throwIfAborted();
    const page = Array.from({ length: Math.min(pageRows, count - from) }, (_, at) => ((from + at) * stride) % accounts);
    await db.query(sessions, [userAgent, page.map((number) => people.get(number).deviceId)]);
    tell(from + page.length);
  }
}
