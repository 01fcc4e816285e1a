import { type AuditEventType, eventTypeNames } from '@sallyport/audit/log';

const prefix = 'sallyport.';

/** A type as people say it. */
export const shortType = (type: string) => (type.startsWith(prefix) ? type.slice(prefix.length) : type);

export type ChosenTypes =
  | { outcome: 'chosen'; types: AuditEventType[] }
  | { outcome: 'unknown'; pattern: string; nearest: string };

/** The types that patterns with commas between them mean: `otp.failed,login.*`; `sallyport.` may go before each. */
export function chooseEventTypes(patterns: string): ChosenTypes {
  const chosen = new Set<AuditEventType>();
  for (const pattern of patterns.split(',').map((text) => text.trim())) {
    const matching = eventTypeNames.filter(matcher(shortType(pattern)));
    if (matching.length === 0) return { outcome: 'unknown', pattern, nearest: nearestTo(shortType(pattern)) };
    for (const type of matching) chosen.add(type);
  }
  return { outcome: 'chosen', types: [...chosen] };
}

function matcher(pattern: string): (type: AuditEventType) => boolean {
  const parts = pattern.split('*').map((part) => part.replace(/\W/g, '\\$&'));
  const whole = new RegExp(`^${parts.join('.*')}$`);
  return (type) => whole.test(shortType(type));
}

function nearestTo(pattern: string): string {
  const types = eventTypeNames.map(shortType).map((type) => ({ type, away: distance(pattern, type) }));
  return types.reduce((best, one) => (one.away < best.away ? one : best)).type;
}

/** How many letters have to be put in, taken out or changed (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [above, letter] of [...from].entries()) {
    const next = [above + 1];
    for (let at = 1; at <= to.length; at += 1) {
      const [before = 0, kept = 0, left = 0] = [row[at - 1], row[at], next[at - 1]];
      next.push(Math.min(kept + 1, left + 1, before + (letter === to[at - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
