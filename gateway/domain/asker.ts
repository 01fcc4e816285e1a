import type { RequestContext } from '@sallyport/contracts';
import type { Device } from '../store/devices.ts';
import type { Guess } from '../store/guess-limit.ts';

/** The lane of all devices that an account doesn't know. */
export const strangers = 'strangers';

/** Who asks: the request as audit events show it, and what counts the guesses. */
export interface Asker {
  request: RequestContext;
  /** The address as limits count it: an IPv4 address or an IPv6 /64. */
  address: string;
  /** The IPv6 /48 around it, which may be one person's as well. */
  site: string | undefined;
  /** The place that the address holds while a credential is checked. */
  guess: Guess;
  /**
   * Seconds for which the address is limited, where the handler may let a known device through all the same: to be known
   * before anything is checked. It has been asked already, so what a handler asks Redis first goes along with it.
   * @throws Unavailable where that can't be known
   */
  limitedSeconds: () => Promise<number | undefined>;
  /** What counts guesses at the account: `strangers`, or the id of its known device. */
  lane: string;
  /** The known device whose token came along; whose account it is of, the name or challenge has yet to show. */
  device?: Device | undefined;
}

export const isNotLimited: Asker['limitedSeconds'] = async () => undefined;

/** The same asker, in the lane of its device where that is known to this account. */
export function inLaneOf(asker: Asker, isOwner: (device: Device) => boolean): Asker {
  const { device } = asker;
  return device && isOwner(device) ? { ...asker, lane: device.id } : { ...asker, device: undefined };
}
