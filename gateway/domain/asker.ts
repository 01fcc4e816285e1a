import type { RequestContext } from '@sallyport/contracts';
import type { Guess } from '../store/guess-limit.ts';

/** Who asks: the request as audit events show it, and the place that its address holds while a credential is checked. */
export interface Asker {
  request: RequestContext;
  /** The address as limits count it: an IPv4 address or an IPv6 /64. */
  address: string;
  guess: Guess;
}
