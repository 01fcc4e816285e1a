// `npm run audit:tail`: the audit log in a terminal, as it grows, over the gateway's HTTP API alone.
import { once } from 'node:events';
import { styleText } from 'node:util';
import { createLogReader } from './audit-http.ts';
import { createTokenSource } from './audit-token.ts';
import { createChainWatch } from './chain-watch.ts';
import { explainFailure } from './explain-failure.ts';
import { followLog } from './follow-log.ts';
import { createRenderer, escapeControls, type Paint } from './render-event.ts';
import { readTailOptions, type TailOptions } from './tail-options.ts';

const usage = `npm run audit:tail                    shows the events of the audit log as they come
  --type otp.failed,login.*   only these types
  --subject ID                only those of this account
  --after N                   what comes after event N, from now on by default; 0: all that there is
  --json                      each as the JSON that it is, a line for each
  --no-color                  as NO_COLOR says it; FORCE_COLOR where stdout is no terminal
  --url URL                   the gateway; by default PUBLIC_URL, else http://127.0.0.1:8080
AUDIT_TOKEN of the environment is an access token of an account with the role audit or admin and a second factor; with
AUDIT_REFRESH_TOKEN it goes on when that ends. A refresh token is good for once: give it a login of its own.
Each event is held to its hash and, without a filter, to the one before. Ctrl-C ends it.
Exit code 0: ended by a signal or its reader. 1: refused or failed. 2: not understood.`;

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort());
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.exitCode = 1;
    stop.abort();
  });
}

const asked = readTailOptions(process.argv.slice(2), process.env);
if (asked.outcome === 'help') console.log(usage);
else if (asked.outcome === 'not-understood') {
  console.error(`${asked.says} npm run audit:tail -- --help says more.`);
  process.exitCode = 2;
} else {
  try {
    await tail(asked);
  } catch (error) {
    if (!stop.signal.aborted) {
      console.error(explainFailure(error));
      process.exitCode = 1;
    }
  }
}

async function tail({ url, types, subject, after, json, colour }: TailOptions): Promise<void> {
  const { signal } = stop;
  const paintFor =
    (stream: NodeJS.WriteStream): Paint =>
    (format, text) =>
      colour ? styleText(format, text, { stream }) : text;
  const render = createRenderer(paintFor(process.stdout));
  const shout = paintFor(process.stderr);
  const watch = createChainWatch({ leavesOut: types !== undefined || subject !== undefined });
  const reader = createLogReader({ url, token: createTokenSource(url, process.env) });
  for await (const text of followLog({ reader, filter: { types, subject }, after, tell: console.error, signal })) {
    const { event, faults } = watch(text);
    for (const fault of faults) console.error(shout('red', fault));
    if (event) await print(json ? escapeControls(text) : render(event));
  }
}

async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain', { signal: stop.signal });
}
