/** What a DATABASE_URL says; pg itself takes one server, and knows nothing of the parameters that are ours. */
export interface DatabaseUrl {
  /** A URL for each server, without our own parameters. */
  servers: string[];
  /** Only a server that can be written to will do: there are several, or `target_session_attrs` says so. */
  writable: boolean;
  /** Whether statements are prepared under a name; undefined where the connection is to decide. */
  prepare: boolean | undefined;
}

const shape = /^(postgres(?:ql)?:\/\/)([^/?#]*@)?([^/?#@]*)([/?#].*)?$/s;
const own = ['prepare', 'target_session_attrs'];

/**
 * Reads `postgres://user:password@host1:5432,host2:5432/name?target_session_attrs=read-write&prepare=false`.
 * @throws Error saying what is wrong, without a part of the URL
 */
export function parseDatabaseUrl(text: string): DatabaseUrl {
  const [, scheme, credentials = '', hosts = '', rest = ''] = shape.exec(text) ?? [];
  const each = hosts.split(',').map((host) => `${scheme}${credentials}${host.trim()}${rest}`);
  if (
    scheme === undefined ||
    !each.every((url) => URL.canParse(url)) ||
    (each.length > 1 && /(^|,)\s*(,|$)/.test(hosts))
  )
    throw new Error('must be a URL (postgres:, postgresql:)');
  const { searchParams } = new URL(each[0] ?? '');
  const [prepare, target] = own.map((name) => searchParams.get(name));
  if (prepare != null && !['true', 'false'].includes(prepare)) throw new Error('prepare must be true or false');
  if (target != null && !['read-write', 'primary'].includes(target))
    throw new Error('target_session_attrs must be read-write or primary');
  return {
    servers: each.map(withoutOwn),
    writable: each.length > 1 || target != null,
    prepare: prepare == null ? undefined : prepare === 'true',
  };
}

function withoutOwn(text: string): string {
  const url = new URL(text);
  if (!own.some((name) => url.searchParams.has(name))) return text;
  for (const name of own) url.searchParams.delete(name);
  return url.href;
}
