/*
 * Which time step a code belongs to (RFC 6238 sections 4 and 5.2, HOTP by RFC 4226 section 5.3). Pure: the time comes
 * in, the step goes out; whether that step was used before is for the claim to say.
 * Every step of the window is computed and compared in constant time, whichever matches, and the highest match wins:
 * an answer's time tells nothing, and the claimed step moves as far forward as the code allows.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type CryptoPlugin, generateSync } from 'otplib';

const periodSeconds = 30;
const digits = 6;

const crypto: CryptoPlugin = {
  name: 'node',
  hmac: (algorithm, key, data) => createHmac(algorithm, key).update(data).digest(),
  randomBytes: (length) => randomBytes(length),
  constantTimeEqual: (left, right) => equalDigits(String(left), String(right)),
};

/** The highest time step within `windowSteps` of now whose code this is, if any. */
export function matchCode(secret: Buffer, code: string, nowMs: number, windowSteps: number): number | undefined {
  const current = Math.floor(nowMs / 1_000 / periodSeconds);
  let matched: number | undefined;
  for (let step = Math.max(0, current - windowSteps); step <= current + windowSteps; step++) {
    const expected = generateSync({ secret, epoch: step * periodSeconds, period: periodSeconds, digits, crypto });
    if (equalDigits(expected, code)) matched = step;
  }
  return matched;
}

function equalDigits(expected: string, given: string): boolean {
  const left = Buffer.from(expected);
  const right = Buffer.from(given);
  return left.length === right.length && timingSafeEqual(left, right);
}
