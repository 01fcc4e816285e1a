import { parseDatabaseUrl } from '@sallyport/config';

/** Where a DATABASE_URL leads, without its credentials, for messages. */
export function placeOf(url: string): string {
  const servers = parseDatabaseUrl(url).servers.map((server) => new URL(server));
  return `${servers.map(hostOf).join(',')}${servers[0]?.pathname ?? ''}`;
}

export function hostOf({ hostname, port }: URL): string {
  return `${hostname || 'localhost'}:${port || 5432}`;
}
