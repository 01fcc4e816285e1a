import { deletePages, type Queryable } from '@sallyport/postgres';
import type { Recording } from '../audit/store/outbox.ts';
import { type Network, parseNetwork } from '../network.ts';

export interface NewBlock {
  id: string;
  cidr: string;
  reason: string;
  /** The admin; null where a limit made it. */
  createdBy: string | null;
  /** Null: until it is lifted. */
  lifeSeconds: number | null;
}

export interface IpBlock {
  id: string;
  cidr: string;
  reason: string;
  created_by: string | null;
  created_at: Date;
  expires_at: Date | null;
}

interface BlockRow extends Omit<IpBlock, 'cidr'> {
  network: string;
}

const columns = 'id, network::text as network, reason, created_by, created_at, expires_at';
const live = '(expires_at is null or expires_at > clock_timestamp())';
const mostListed = 1_000;

/** Makes a block and records it, in one statement. */
export async function insertBlock(db: Queryable, block: NewBlock, recording: Recording): Promise<IpBlock | undefined> {
  const [row] = await db.query<BlockRow>(
    `with made as (
       insert into gateway.ip_block (id, network, reason, created_by, expires_at)
       select $1::uuid, $2::cidr, $3::text, $4::uuid, clock_timestamp() + make_interval(secs => $5::float8)
       returning ${columns}),
     ${recording.expressions(6, 'exists (select from made)')}
     select * from made`,
    [block.id, block.cidr, block.reason, block.createdBy, block.lifeSeconds, ...recording.values],
  );
  return row && toBlock(row);
}

/** Live blocks, newest first; those that limits made come last, so that no crowd of strangers hides an admin's. */
export async function listBlocks(db: Queryable): Promise<IpBlock[]> {
  const rows = await db.query<BlockRow>(
    `select ${columns} from gateway.ip_block where ${live} order by created_by is null, created_at desc, id limit ${mostListed}`,
  );
  return rows.map(toBlock);
}

export async function findBlock(db: Queryable, id: string): Promise<IpBlock | undefined> {
  const [row] = await db.query<BlockRow>(`select ${columns} from gateway.ip_block where id = $1 and ${live}`, [id]);
  return row && toBlock(row);
}

/** Lifts a live block and records it, in one statement; undefined where there is none. */
export async function deleteBlock(db: Queryable, id: string, recording: Recording): Promise<true | undefined> {
  const rows = await db.query(
    `with lifted as (delete from gateway.ip_block where id = $1 and ${live} returning id),
     ${recording.expressions(2, 'exists (select from lifted)')}
     select id from lifted`,
    [id, ...recording.values],
  );
  return rows.length === 1 ? true : undefined;
}

/** Forgets those that have been over for a day. */
export async function forgetBlocks(db: Queryable): Promise<void> {
  await deletePages(db, 'gateway.ip_block', `expires_at < now() - interval '1 day'`);
}

export interface AdminBlocks {
  version: string;
  /** Null where the version is the one that was asked with. */
  blocks: { network: string; ms_left: number | null }[] | null;
}

/** What admins blocked, in one snapshot, unless nothing has changed. */
export async function readAdminBlocks(db: Queryable, known: string | undefined): Promise<AdminBlocks> {
  const [row] = await db.query<AdminBlocks>(
    `with enforced as (
       select id, network::text as network,
         1000 * extract(epoch from expires_at - clock_timestamp())::float8 as ms_left
       from gateway.ip_block where created_by is not null and ${live}
     ), current as (
       select coalesce(md5(string_agg(id::text, ',' order by id)), '') as version from enforced)
     select version, case when version is distinct from $1::text then
       (select coalesce(json_agg(json_build_object('network', network, 'ms_left', ms_left)), '[]') from enforced) end as blocks
     from current`,
    [known ?? null],
  );
  if (!row) throw new Error('an aggregate without a row');
  return row;
}

/** Postgres writes some IPv6 networks in another form. */
function toBlock({ network, ...row }: BlockRow): IpBlock {
  const { id, reason, created_by, created_at, expires_at } = row;
  return { id, cidr: readNetwork(network).cidr, reason, created_by, created_at, expires_at };
}

export function readNetwork(text: string): Network {
  const network = parseNetwork(text);
  if (!network) throw new Error(`no network: ${text}`);
  return network;
}
