import type { Handler } from '@sallyport/http';
import type { GatewayContext } from '../context.ts';
import { type Asker, isNotLimited } from '../domain/asker.ts';
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
  if (guesses === undefined) return row;
  const decides = guesses === 'refused unless known' || guesses === 'refused unless live';
  const guarded: Handler<GatewayContext, Caller> = async (context, call) => {
    const { caller } = call;
    if (guesses === 'counted without session' && caller.session) return handle(context, call);
    const reserving = reserve(context, caller);
    const guess = guessOf(reserving);
    try {
      const limitedSeconds = async () => secondsOf(await reserving);
      if (decides) return await handle(context, withGuess(call, { guess, limitedSeconds }));
      const seconds = await limitedSeconds();
      if (seconds !== undefined && guesses === 'refused') {
        return tooMany(context, await refuseLimited(context, caller.asker, 'address', seconds));
      }
      return await handle(context, withGuess(call, { guess, limitedSeconds: isNotLimited }));
    } finally {
      guess.leave();
    }
  };
  return { ...row, handle: guarded };
}

function withGuess<Given extends { caller: Caller }>(
  call: Given,
  place: Pick<Asker, 'guess' | 'limitedSeconds'>,
): Given {
  return { ...call, caller: { ...call.caller, asker: { ...call.caller.asker, ...place } } };
}

/** The guess of a place that is still being asked for. Where it can't be had, whoever waits for it hears that. */
function guessOf(reserving: Promise<Reservation>): Guess {
  reserving.catch(() => {});
  const leave = () => void reserving.then(({ guess }) => guess.leave()).catch(() => {});
  return { keep: async () => (await reserving).guess.keep(), leave };
}

function secondsOf(place: Reservation): number | undefined {
  return place.outcome === 'limited' ? place.retryAfterSeconds : undefined;
}

/** A place of the address and, where there is one, of its site, asked for together. */
async function reserve(context: GatewayContext, { address, asker }: Caller): Promise<Reservation> {
  const { limits } = context;
  const take = async (limit: GuessLimit, network: string) =>
    telling(await limit.reserve(network), () =>
      noteLimitedNetwork(context, asker.request, network, addressRestSeconds),
    );
  const owning = take(limits.addresses, address.network);
  if (address.site === undefined) return owning;
  const siting = take(limits.sites, address.site);
  const places = [guessOf(owning), guessOf(siting)];
  const guess: Guess = {
    keep: async () => (await Promise.all(places.map((place) => place.keep()))).includes(true),
    leave: () => {
      for (const place of places) place.leave();
    },
  };
  try {
    const [own, site] = await Promise.all([owning, siting]);
    if (own.outcome === 'reserved') return { ...site, guess };
    site.guess.leave();
    return own;
  } catch (error) {
    guess.leave();
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
