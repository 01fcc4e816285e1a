/** Where Redis is: one node, the nodes by which a cluster is found, or the sentinels that know the primary of a name. */
export type RedisAddress = {
  kind: 'node' | 'cluster' | 'sentinel';
  tls: boolean;
  nodes: { host: string; port: number }[];
  username?: string | undefined;
  password?: string | undefined;
  /** The database of a single node. */
  db?: number;
  /** What the sentinels call the primary. */
  name?: string;
  sentinelUsername?: string | undefined;
  sentinelPassword?: string | undefined;
};

type Endpoint = Pick<RedisAddress, 'username' | 'password'> & { host: string; port: number; path: string };

const forms = 'must be redis://, rediss://, redis+sentinel://, rediss+sentinel:// or memory:';
const noAddress = 'names no host:port (in a user or password, special characters and commas are percent-encoded)';
const parameters = new Set(['sentinel_username', 'sentinel_password']);

/**
 * Reads `redis://user:password@host:6379/0`, several of these comma-separated (a cluster), or
 * `redis+sentinel://user:password@h1:26379,h2/name?sentinel_username=u&sentinel_password=p`; `rediss` is with TLS.
 * @throws Error whose message is one sentence and holds no part of the URL
 */
export function parseRedisUrl(text: string): RedisAddress {
  const [, scheme = '', sentinel, rest = ''] = /^(rediss?)(\+sentinel)?:\/\/(.*)$/s.exec(text) ?? [];
  if (scheme === '') throw new Error(forms);
  return sentinel ? parseSentinels(rest, scheme === 'rediss') : parseNodes(text, scheme);
}

function parseNodes(text: string, scheme: string): RedisAddress {
  if (text.includes('?')) throw new Error('takes parameters only for sentinels');
  const entries = text.split(',').map((entry) => entry.trim());
  const endpoints = entries.map((entry) => {
    const [, own = scheme, address = ''] = /^(?:([a-z+]*):\/\/)?(.*)$/s.exec(entry) ?? [];
    if (own !== scheme) throw new Error('names nodes of one cluster with different schemes');
    return parseEndpoint(address, 6379);
  });
  const login = sharedLogin(endpoints);
  const common = { tls: scheme === 'rediss', nodes: endpoints.map(toNode), ...login };
  const paths = endpoints.map(({ path }) => path);
  if (endpoints.length === 1) return { kind: 'node', ...common, db: readDatabase(paths[0]) };
  if (paths.some((path) => readDatabase(path) !== 0)) throw new Error('names a database, but a cluster has only one');
  return { kind: 'cluster', ...common };
}

function parseSentinels(rest: string, tls: boolean): RedisAddress {
  const [, authority = '', path = '', query = ''] = /^([^/?]*)\/?([^?]*)\??(.*)$/s.exec(rest) ?? [];
  const name = decode(path);
  if (!/^[\w.-]+$/.test(name))
    throw new Error('needs the name of the primary: redis+sentinel://h1:26379,h2:26379/name');
  const endpoints = authority.split(',').map((entry) => parseEndpoint(entry.trim(), 26379));
  const given = new URLSearchParams(query);
  if ([...given.keys()].some((key) => !parameters.has(key))) {
    throw new Error('takes no parameters but sentinel_username and sentinel_password');
  }
  return {
    kind: 'sentinel',
    tls,
    nodes: endpoints.map(toNode),
    ...sharedLogin(endpoints),
    name,
    sentinelUsername: given.get('sentinel_username') ?? undefined,
    sentinelPassword: given.get('sentinel_password') ?? undefined,
  };
}

function parseEndpoint(text: string, preset: number): Endpoint {
  if (!URL.canParse(`redis://${text}`)) throw new Error(noAddress);
  const { hostname, port, username, password, pathname, hash } = new URL(`redis://${text}`);
  if (hostname === '' || hash !== '') throw new Error(noAddress);
  return {
    host: decode(hostname).replace(/^\[|\]$/g, ''),
    port: port === '' ? preset : Number(port),
    username: decode(username) || undefined,
    password: decode(password) || undefined,
    path: pathname,
  };
}

/** One user is known to all nodes: a node that a cluster or a sentinel names later has no entry of its own. */
function sharedLogin(endpoints: Endpoint[]): Pick<RedisAddress, 'username' | 'password'> {
  const named = endpoints.filter(({ username, password }) => username ?? password);
  const [first, ...others] = named;
  if (others.some((other) => other.username !== first?.username || other.password !== first?.password)) {
    throw new Error('names different users or passwords, but all nodes share one');
  }
  return { username: first?.username, password: first?.password };
}

function readDatabase(path = ''): number {
  if (!/^\/?\d{0,5}$/.test(path)) throw new Error('has a path that is no number of a database');
  return Number(path.slice(1));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error(noAddress);
  }
}

function toNode({ host, port }: Endpoint) {
  return { host, port };
}
