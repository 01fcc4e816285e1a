import type { GatewayContext } from '../context.ts';
import type { Guess, Reservation } from '../store/guess-limit.ts';
import type { CountedAddress } from './address.ts';

/** A guess of an address: it takes a place of the address and, where there is one, of its site. */
export async function reserveGuess(context: GatewayContext, address: CountedAddress): Promise<Reservation> {
  const [own, site] = await Promise.all([
    context.limits.addresses.reserve(address.network),
    address.site === undefined ? undefined : context.limits.sites.reserve(address.site),
  ]);
  if (own.outcome === 'limited') {
    if (site?.outcome === 'reserved') await site.guess.release();
    return own;
  }
  if (site === undefined) return { outcome: 'reserved', guess: once(own.guess) };
  if (site.outcome === 'limited') {
    await own.guess.release();
    return site;
  }
  return { outcome: 'reserved', guess: once(both(own.guess, site.guess)) };
}

/** For routes that check no credential. */
export const noGuess: Guess = { keep: async () => {}, release: async () => {} };

function both(first: Guess, second: Guess): Guess {
  return {
    keep: async () => void (await Promise.all([first.keep(), second.keep()])),
    release: async () => void (await Promise.all([first.release(), second.release()])),
  };
}

/** A guess is kept once, however many credentials of one request were wrong, and then not released. */
function once(guess: Guess): Guess {
  let settled = false;
  const settle = (act: () => Promise<void>) => async () => {
    if (settled) return;
    settled = true;
    await act();
  };
  return { keep: settle(guess.keep), release: settle(guess.release) };
}
