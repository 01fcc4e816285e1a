import ipaddr from 'ipaddr.js';

/** A range of addresses, as bytes whose host bits are zero; what is IPv4 in IPv6's clothes is IPv4. */
export interface Network {
  readonly cidr: string;
  readonly address: readonly number[];
  readonly bits: number;
}

const mappedBits = 96;

/** Reads an address or CIDR range; host bits are dropped. Undefined for what is none. */
export function parseNetwork(text: string): Network | undefined {
  const [, address = '', given] = /^([0-9a-f.:]{2,45})(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  if (!ipaddr.IPv4.isValidFourPartDecimal(address) && !ipaddr.IPv6.isValid(address)) return undefined;
  const parsed = ipaddr.parse(address);
  const bytes = parsed.toByteArray();
  const bits = given === undefined ? 8 * bytes.length : Number(given);
  if (bits > 8 * bytes.length) return undefined;
  if (!(parsed instanceof ipaddr.IPv6) || !parsed.isIPv4MappedAddress()) return createNetwork(bytes, bits);
  return bits < mappedBits ? undefined : createNetwork(bytes.slice(12), bits - mappedBits);
}

function createNetwork(bytes: number[], bits: number): Network {
  const address = mask(bytes, bits);
  return { cidr: `${ipaddr.fromByteArray(address)}/${bits}`, address, bits };
}

/** The address with all but its first bits zero. */
export function mask(address: readonly number[], bits: number): number[] {
  return address.map((byte, at) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * at))));
}

/** What an address counts as where a crowd of them is one: IPv6 by its /48, IPv4 and what is no address by itself. */
export function siteOf(ip: string): string {
  const network = parseNetwork(ip);
  if (network?.address.length !== 16) return ip;
  return createNetwork([...network.address], 48).cidr;
}

export function overlap(one: Network, other: Network): boolean {
  if (one.address.length !== other.address.length) return false;
  const bits = Math.min(one.bits, other.bits);
  return mask(one.address, bits).join() === mask(other.address, bits).join();
}
