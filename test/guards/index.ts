import { addresses } from './addresses.ts';
import { audit } from './audit.ts';
import { codes } from './codes.ts';
import { consumers } from './consumers.ts';
import { databases } from './databases.ts';
import { edge } from './edge.ts';
import { factors } from './factors.ts';
import { guesses } from './guesses.ts';
import { histories } from './histories.ts';
import { passwordGuesses } from './password-guesses.ts';
import { passwords } from './passwords.ts';
import { secrets } from './secrets.ts';
import { sessionGuards } from './sessions.ts';
import { tokens } from './tokens.ts';

export const guards = [
  ...codes,
  ...guesses,
  ...passwordGuesses,
  ...sessionGuards,
  ...factors,
  ...passwords,
  ...secrets,
  ...tokens,
  ...edge,
  ...addresses,
  ...audit,
  ...consumers,
  ...databases,
  ...histories,
];
