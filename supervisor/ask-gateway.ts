import { StartError } from './start-error.ts';

/** What may be over a moment later: no answer, too many calls, a store that is away. The message is one sentence. */
export class GatewayAway extends StartError {
  readonly retryAfterSeconds: number;
  constructor(message: string, retryAfterSeconds = 0) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export interface Asked extends Omit<RequestInit, 'signal'> {
  /** How long the answer may take. */
  seconds: number;
  signal?: AbortSignal | undefined;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

/** One call to the gateway. @throws GatewayAway, or the reason of `signal` */
export async function askGateway(url: URL, { seconds, signal, ...init }: Asked): Promise<Answer> {
  const { status, headers, text } = await call();
  const retryAfterSeconds = Number(headers.get('Retry-After')) || 0;
  if (status === 429) {
    throw new GatewayAway(
      `The gateway takes no more calls from here for ${retryAfterSeconds} seconds.`,
      retryAfterSeconds,
    );
  }
  if (status >= 500) throw new GatewayAway(`The gateway can't answer at the moment (${status}).`, retryAfterSeconds);
  return { status, headers, text };

  async function call(): Promise<Answer> {
    const ends = [AbortSignal.timeout(seconds * 1_000), ...(signal ? [signal] : [])];
    try {
      const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.any(ends) });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (error) {
      signal?.throwIfAborted();
      throw new GatewayAway(`The gateway at ${url.origin} can't be reached (${explain(error)}).`);
    }
  }
}

function explain(error: unknown): string {
  const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
  return cause?.code ?? cause?.message ?? message;
}
