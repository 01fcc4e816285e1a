/*
 * Personal data that is gone must be covered by a later `sallyport.audit.erased`. What was seen to be gone is kept by
 * the accounts that an erasure could name, with the first and last number: so a log of any length needs no more room
 * than there are people in it.
 */
import { z } from 'zod';
import { type Damage, damagedWithin, damageKinds } from './damage.ts';
import type { ChainedEvent } from './read-entry.ts';

interface Removal {
  accounts: readonly string[];
  first: number;
  last: number;
  /** Where some of them were covered, `first` is only where the rest may begin. */
  exact: boolean;
}

export interface Removals {
  add(event: ChainedEvent, number: number): void;
  /** Forgets what this event covers, if it tells of an erasure. */
  cover(event: ChainedEvent): void;
  /** The lowest number that nothing has covered. */
  judge(): Damage | undefined;
}

const Account = z.looseObject({ type: z.literal('account'), id: z.string() });
const Limit = z.looseObject({ type: z.literal('audit_event'), id: z.string().regex(/^\d{1,15}$/) });

export function createRemovals(): Removals {
  const removals = new Map<string, Removal>();
  const byAccount = new Map<string, Set<string>>();

  function forget(key: string): void {
    for (const account of removals.get(key)?.accounts ?? []) byAccount.get(account)?.delete(key);
    removals.delete(key);
  }

  function coverUpTo(limit: number): void {
    for (const [key, removal] of removals) {
      if (removal.last <= limit) forget(key);
      else if (removal.first <= limit) Object.assign(removal, { first: limit + 1, exact: false });
    }
  }

  return {
    add(event, number) {
      const accounts = accountsOf(event);
      const key = accounts.join();
      const known = removals.get(key);
      if (known) known.last = number;
      else removals.set(key, { accounts, first: number, last: number, exact: true });
      for (const account of accounts) byAccount.set(account, (byAccount.get(account) ?? new Set()).add(key));
    },
    cover({ type, subject, data }) {
      if (type !== 'sallyport.audit.erased') return;
      if (data.reason === 'retention') {
        const { data: target } = Limit.safeParse(data.target);
        if (target) coverUpTo(Number(target.id));
      } else if (data.reason === 'erasure' && subject !== undefined) {
        for (const key of [...(byAccount.get(subject) ?? [])]) forget(key);
        byAccount.delete(subject);
      }
    },
    judge() {
      const [lowest] = [...removals.values()].sort((a, b) => a.first - b.first);
      if (lowest === undefined) return undefined;
      const { first, last, exact } = lowest;
      return damagedWithin(first, exact ? first : last, 'personal-removed', damageKinds['personal-removed']);
    },
  };
}

function accountsOf({ subject, data }: ChainedEvent): string[] {
  const { data: actor } = Account.safeParse(data.actor);
  return [...new Set([subject, actor?.id])].filter((account) => account !== undefined);
}
