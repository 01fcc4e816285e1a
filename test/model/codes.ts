// Codes as the model sees them: which one an app would send, and what the product must say to it (promises 1 and 3).
import { codeAt } from '../support/authenticator.ts';
import { type Account, laneIn, limits } from './model.ts';
import type { System } from './system.ts';

const stepMs = 30_000;
const endOfStepMs = 8_000;

export const codeKinds = [
  'right',
  'right',
  'right',
  'used',
  'older',
  'wrong',
  'foreign',
  'recovery',
  'spent',
  'none',
] as const;
export type CodeKind = (typeof codeKinds)[number];

/** What an owner sends who knows what he does, mostly. */
export const ownersCodeKinds = ['right', 'right', 'right', 'right', 'recovery', ...codeKinds] as const;

/** The fields of a body; none where no code is sent. */
export type SentCode = { otp?: string; recovery_code?: string };

export type Verdict = 'accepted' | 'refused' | 'locked';

const stepOf = (ms: number) => Math.floor(ms / stepMs);

/** A moment from which the present step lasts long enough for a call, where the clock can be moved. */
function settle(system: System): number {
  const left = stepMs - (system.now() % stepMs);
  if (left < endOfStepMs) system.moveClock?.(left);
  return stepOf(system.now());
}

/** What somebody would send who has this secret; undefined where no such code exists now. */
export function chooseCode(system: System, account: Account, kind: CodeKind, other?: Account): SentCode | undefined {
  const secret = account.secret ?? account.enrolment?.secret;
  switch (kind) {
    case 'none':
      return {};
    case 'wrong':
      return { otp: wrongCode(system, secret) };
    case 'used':
      return secret && account.lastStep > 0 ? { otp: codeOf(secret, account.lastStep) } : undefined;
    case 'older':
      return secret && account.lastStep > 0 ? { otp: codeOf(secret, account.lastStep - 1) } : undefined;
    case 'foreign':
      return other?.secret && other !== account ? { otp: codeOf(other.secret, settle(system)) } : undefined;
    case 'recovery':
      return recoveryCode(account, 'unused');
    case 'spent':
      return recoveryCode(account, 'used') ?? recoveryCode(account, 'void');
    case 'right':
      return secret ? rightCode(system, account, secret) : { otp: '000000' };
  }
}

/** The code of the first step that is still good; the clock goes on where it can, else there may be none. */
export function rightCode(system: System, account: Pick<Account, 'lastStep'>, secret: string): SentCode | undefined {
  const margin = system.windowSteps > 1 ? 1 : 0;
  let now = settle(system);
  const step = () => Math.max(now - system.windowSteps + margin, account.lastStep + 1);
  while (step() > now + system.windowSteps - margin) {
    if (!system.moveClock) return undefined;
    system.moveClock(stepMs);
    now = settle(system);
  }
  return { otp: codeOf(secret, step()) };
}

const codeOf = (secret: string, step: number) => codeAt(secret, step * stepMs);

function recoveryCode(account: Account, state: 'unused' | 'used' | 'void'): SentCode | undefined {
  const code = account.recoveryCodes.find((one) => one.state === state);
  return code && { recovery_code: code.text };
}

function wrongCode(system: System, secret: string | undefined): string {
  const near = new Set<string>();
  const now = settle(system);
  for (let step = now - 15; secret && step <= now + 15; step += 1) near.add(codeOf(secret, step));
  for (let code = 0; ; code += 1) {
    const text = String(code).padStart(6, '0');
    if (!near.has(text)) return text;
  }
}

/** The step that a code belongs to, if it is one of the window. */
export function matchStep(system: System, secret: string, otp: string): number | undefined {
  const now = stepOf(system.now());
  for (let step = now + system.windowSteps; step >= now - system.windowSteps; step -= 1) {
    if (codeOf(secret, step) === otp) return step;
  }
  return undefined;
}

/** What becomes of a code of the active factor, counted in that lane. */
export function judgeCode(system: System, account: Account, laneName: string, code: SentCode): Verdict {
  const lane = laneIn(account, laneName);
  if (lane.lock !== 'none') return 'locked';
  lane.wrong += 1;
  if (lane.wrong >= limits.lockAfter) {
    lane.lock = lane.wrong >= limits.hardLockAfter ? 'endless' : 'timed';
    account.told.locked += 1;
  }
  if (!spend(system, account, code)) {
    account.told.refused += 1;
    return 'refused';
  }
  Object.assign(lane, { wrong: 0, lock: 'none' });
  return 'accepted';
}

function spend(system: System, account: Account, code: SentCode): boolean {
  if (code.otp !== undefined) {
    const step = matchStep(system, account.secret ?? '', code.otp);
    if (step === undefined || step <= account.lastStep) return false;
    account.lastStep = step;
    account.told.verified += 1;
    return true;
  }
  const recovery = account.recoveryCodes.find((one) => one.text === code.recovery_code && one.state === 'unused');
  if (!recovery) return false;
  recovery.state = 'used';
  account.told.recovered += 1;
  return true;
}
