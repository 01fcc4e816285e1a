import ipaddr from 'ipaddr.js';

/** An address as limits count it: a person with one IPv6 line has a /64, a site a /48; IPv4 stands for itself. */
export interface CountedAddress {
  /** The address itself, IPv4-mapped forms folded. */
  ip: string;
  network: string;
  site: string | undefined;
}

/** What can't be read as an address counts as one and the same. */
const unreadable: CountedAddress = { ip: 'unknown', network: 'unknown', site: undefined };

export function countedAddress(given: string | undefined): CountedAddress {
  const text = given && withoutPort(given);
  if (text === undefined || !ipaddr.isValid(text)) return unreadable;
  const address = ipaddr.process(text);
  if (address instanceof ipaddr.IPv4) return { ip: address.toString(), network: address.toString(), site: undefined };
  return { ip: address.toString(), network: prefix(address, 64), site: prefix(address, 48) };
}

function prefix(address: ipaddr.IPv6, bits: 48 | 64): string {
  const parts = address.parts.map((part, at) => (at < bits / 16 ? part : 0));
  return `${new ipaddr.IPv6(parts).toString()}/${bits}`;
}

/** Some proxies write `1.2.3.4:5678` and `[2001:db8::1]:5678`. */
function withoutPort(text: string): string {
  return /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
}
