import type { Handler } from '@sallyport/http';
import type { GatewayContext } from '../context.ts';
import type { Caller, GatewayRoute } from '../gateway-route.ts';
import { tooMany } from '../refusals.ts';
import type { Guess, Reservation } from '../store/guess-limit.ts';
import type { CountedAddress } from './address.ts';

/*
 * Whoever sends a credential holds a place of its address from just before the check until the handler has ended,
 * whether or not it still listens: leaving early saves nobody from being counted. Nothing is held while a body comes
 * in, so that slow bodies can't fill the places of an address.
 */
export function holdPlace(row: GatewayRoute): GatewayRoute {
  const { handle, guesses } = row;
  if (handle === undefined || guesses === undefined) return row;
  const guarded: Handler<GatewayContext, Caller> = async (context, call) => {
    const { caller } = call;
    if (guesses === 'counted without session' && caller.session) return handle(context, call);
    const place = await reserve(context, caller.address);
    try {
      if (place.outcome === 'limited' && guesses === 'refused') return tooMany(place.retryAfterSeconds);
      return await handle(context, {
        ...call,
        caller: {
          ...caller,
          asker: {
            ...caller.asker,
            guess: place.guess,
            limitedSeconds: place.outcome === 'limited' ? place.retryAfterSeconds : undefined,
          },
        },
      });
    } finally {
      place.guess.leave();
    }
  };
  return { ...row, handle: guarded };
}

/** A place of the address and, where there is one, of its site. */
async function reserve({ limits }: GatewayContext, address: CountedAddress): Promise<Reservation> {
  const own = await limits.addresses.reserve(address.network);
  if (address.site === undefined || own.outcome === 'limited') return own;
  try {
    const site = await limits.sites.reserve(address.site);
    const guess: Guess = {
      keep: async () => void (await Promise.all([own.guess.keep(), site.guess.keep()])),
      leave() {
        own.guess.leave();
        site.guess.leave();
      },
    };
    return { ...site, guess };
  } catch (error) {
    own.guess.leave();
    throw error;
  }
}
