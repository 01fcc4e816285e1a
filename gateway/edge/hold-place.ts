import type { Handler } from '@sallyport/http';
import type { GatewayContext } from '../context.ts';
import { noteLimitedNetwork } from '../domain/block-address.ts';
import { refuseLimited } from '../domain/note-blocked.ts';
import type { Caller, GatewayRoute } from '../gateway-route.ts';
import { tooMany } from '../refusals.ts';
import type { Guess, GuessLimit, Reservation } from '../store/guess-limit.ts';
import { addressRestSeconds } from '../store/limits.ts';

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
    const place = await reserve(context, caller);
    try {
      if (place.outcome === 'limited' && guesses === 'refused') {
        return tooMany(context, await refuseLimited(context, caller.asker, 'address', place.retryAfterSeconds));
      }
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
async function reserve(context: GatewayContext, { address, asker }: Caller): Promise<Reservation> {
  const { limits } = context;
  const take = async (limit: GuessLimit, network: string) =>
    telling(await limit.reserve(network), () =>
      noteLimitedNetwork(context, asker.request, network, addressRestSeconds),
    );
  const own = await take(limits.addresses, address.network);
  if (address.site === undefined || own.outcome === 'limited') return own;
  try {
    const site = await take(limits.sites, address.site);
    const guess: Guess = {
      keep: async () => (await Promise.all([own.guess.keep(), site.guess.keep()])).includes(true),
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

/** The same place; the guess that reaches the limit, one of all gateways, has it noted. */
function telling(place: Reservation, note: () => Promise<void>): Reservation {
  const guess: Guess = {
    async keep() {
      const reached = await place.guess.keep();
      if (reached) await note();
      return reached;
    },
    leave: () => place.guess.leave(),
  };
  return { ...place, guess };
}
