import { parseArgs } from 'node:util';
import { AccountId } from '@sallyport/contracts';
import { chooseEventTypes } from './choose-event-types.ts';

export interface TailOptions {
  outcome: 'options';
  url: string;
  types: readonly string[] | undefined;
  subject: string | undefined;
  after: number | undefined;
  json: boolean;
  colour: boolean;
}

type Asked = TailOptions | { outcome: 'help' } | { outcome: 'not-understood'; says: string };

/** What `npm run audit:tail` is asked to do; `says` is one sentence. */
export function readTailOptions(args: string[], env: NodeJS.ProcessEnv): Asked {
  const given = parse(args);
  if (!given) return notUnderstood('There is no such option, or it lacks its value.');
  if (given.help) return { outcome: 'help' };
  const { subject, after, json = false, 'no-color': colourless = false } = given;
  const url = given.url ?? (env.PUBLIC_URL || 'http://127.0.0.1:8080');
  if (!isGatewayUrl(url))
    return notUnderstood('The URL is not one of a gateway: http or https, without a password in it.');
  if (subject !== undefined && !AccountId.safeParse(subject).success) {
    return notUnderstood("--subject takes an account's id.");
  }
  if (after !== undefined && !/^\d{1,15}$/.test(after)) return notUnderstood('--after takes the number of an event.');
  const chosen = given.type === undefined ? undefined : chooseEventTypes(given.type.join(','));
  if (chosen?.outcome === 'unknown') {
    return notUnderstood(`There is no type of event ${JSON.stringify(chosen.pattern)}; is it ${chosen.nearest}?`);
  }
  return {
    outcome: 'options',
    url,
    types: chosen?.types,
    subject,
    after: after === undefined ? undefined : Number(after),
    json,
    colour: !colourless,
  };
}

const notUnderstood = (says: string) => ({ outcome: 'not-understood', says }) as const;

function isGatewayUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return ['http:', 'https:'].includes(protocol) && `${username}${password}` === '';
}

function parse(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        url: { type: 'string' },
        type: { type: 'string', multiple: true },
        subject: { type: 'string' },
        after: { type: 'string' },
        json: { type: 'boolean' },
        'no-color': { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    return values;
  } catch {
    return undefined;
  }
}
