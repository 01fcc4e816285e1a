/*
 * The codes of one account in the order in which they are used up. A step is accepted once and only after every earlier
 * one (RFC 6238 section 5.2), and within `windowSteps` of now: so a wide window lets an account log in many times in a
 * row. A code that a later step of the window shows as well would be taken for that one, so its step is left out.
 */
import { codeForCounter, decodeBase32 } from '../../test/support/authenticator.ts';

export interface CodeBook {
  /** Whether `draw` would give a code now. What is there stays there until it is drawn. */
  hasCode(nowMs: number): boolean;
  draw(nowMs: number): string | undefined;
}

const stepMs = 30_000;
/** Left out at the window's lower end: time passes between the draw and the check. */
const marginSteps = 1;

/**
 * @param secret a text is base 32
 * @param steps how many steps from the window's start on are worked out in advance
 */
export function createCodeBook(secret: string | Buffer, nowMs: number, windowSteps: number, steps: number): CodeBook {
  const key = typeof secret === 'string' ? decodeBase32(secret) : secret;
  const first = Math.floor(nowMs / stepMs) - windowSteps + marginSteps;
  const codes = Array.from({ length: steps }, (_, at) => codeForCounter(key, first + at));
  let next = 0;

  function findNext(now: number): number | undefined {
    const current = Math.floor(now / stepMs);
    next = Math.max(next, current - windowSteps + marginSteps - first);
    while (isShownLater(next)) next += 1;
    return next < codes.length && first + next <= current + windowSteps ? next : undefined;
  }

  function isShownLater(at: number): boolean {
    const code = codes[at];
    return code !== undefined && codes.indexOf(code, at + 1) !== -1;
  }

  return {
    hasCode: (now) => findNext(now) !== undefined,
    draw(now) {
      const at = findNext(now);
      if (at === undefined) return undefined;
      next = at + 1;
      return codes[at];
    },
  };
}
