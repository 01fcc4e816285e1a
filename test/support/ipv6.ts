import { networkInterfaces } from 'node:os';

const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);

/** A reason to skip, where two servers can't have one port on two loopback addresses. */
export const secondLoopbackMissing = addresses.some(({ address }) => address === '::1')
  ? false
  : 'there is no ::1 here';
