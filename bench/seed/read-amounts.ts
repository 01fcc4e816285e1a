export interface Amounts {
  accounts: number;
  sessions: number;
  events: number;
}

const most = 100_000_000;

/** @throws Error with one sentence on what can't be read */
export function readAmounts(own: Record<string, string>): Amounts {
  const read = (name: keyof Amounts, least: number) => {
    const number = /^\d{1,9}$/.test(own[name] ?? '') ? Number(own[name]) : Number.NaN;
    if (!(number >= least && number <= most)) throw new Error(`--${name} takes whole numbers from ${least} to ${most}`);
    return number;
  };
  return { accounts: read('accounts', 1), sessions: read('sessions', 0), events: read('events', 0) };
}
