import { randomInt } from 'node:crypto';
import { createPeople, type People, type Person, seedAdmins } from '../../seed/people.ts';
import { createCodeBook } from '../code-book.ts';
import { expectStatus } from '../http-api.ts';
import type { SeededPeople } from '../messages.ts';
import type { LoadScenario, Target } from '../target.ts';
import { type Account, laterSteps, sallyport } from './sallyport.ts';

interface SeededAccount extends Account {
  isAdmin: boolean;
  among: SeededPeople;
}

/** Coprime to most counts: neighbours among those who log in are none in the tables. */
const stride = 7_919;
const pageEvents = 100;

let known: People | undefined;
let drawn = 0;

function peopleOf(among: SeededPeople): People {
  known ??= createPeople(among.keys);
  return known;
}

/** The admins first, then others from all over the tables; nobody twice. */
function drawPerson(among: SeededPeople): Person {
  for (;;) {
    const number = drawn < Math.min(seedAdmins, among.accounts) ? drawn : (drawn * stride) % among.accounts;
    const again = drawn >= seedAdmins && number < seedAdmins;
    drawn += 1;
    if (drawn > among.accounts + seedAdmins) throw new Error('everybody of the seed has logged in');
    const person = peopleOf(among).get(number);
    if (person.hasFactor && !person.isLocked && !again) return person;
  }
}

/** Logs one of those in that the seed has made. */
const createAccount: Target<SeededAccount>['createAccount'] = async (api, { windowSteps, people: among }) => {
  if (among === undefined) throw new Error('nobody said who was seeded');
  const person = drawPerson(among);
  const { username } = person;
  const { password } = peopleOf(among);
  const codes = createCodeBook(person.secret, Date.now(), windowSteps, 2 * windowSteps + laterSteps);
  const first = expectStatus(200, await api.call('POST', '/login', { body: { username, password } }));
  const body = { challenge: first.body.challenge, otp: codes.draw(Date.now()) };
  const { access_token: accessToken, refresh_token: refreshToken } = expectStatus(
    200,
    await api.call('POST', '/login/otp', { body }),
  ).body;
  const isAdmin = person.roles.includes('admin');
  return { username, password, codes, accessToken, refreshToken, challenges: [], headers: {}, isAdmin, among };
};

const scenarios: Record<string, LoadScenario<SeededAccount>> = {
  ...sallyport.scenarios,
  /** A page from anywhere in the log. */
  events: {
    isReady: ({ isAdmin }) => isAdmin,
    run: (api, { accessToken: token, among }, timed) => {
      const path = `/audit/events?after=${randomInt(Math.max(1, among.events - pageEvents))}&limit=${pageEvents}`;
      return timed('GET /audit/events', api.call('GET', path, { token }));
    },
  },
  'find-user': {
    isReady: ({ isAdmin }) => isAdmin,
    run: (api, { accessToken: token, among }, timed) => {
      const { username } = peopleOf(among).get(randomInt(among.accounts));
      return timed('GET /admin/users', api.call('GET', `/admin/users?username=${username}`, { token }));
    },
  },
};

export const seeded: Target<SeededAccount> = { createAccount, scenarios };
