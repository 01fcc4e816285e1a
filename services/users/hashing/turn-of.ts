/**
 * Whose turn a request takes in the queue of hashes: an IPv4 address, or an IPv6 /48, all of which may be one line's. The
 * gateway writes addresses in the form of RFC 5952, so no `::` stands for less than two groups.
 */
export function turnOf({ ip }: { ip: string | null }): string {
  if (!ip?.includes(':')) return ip ?? 'nobody';
  const [groups = ''] = ip.split('::');
  return [...groups.split(':'), '0', '0'].slice(0, 3).join(':');
}
