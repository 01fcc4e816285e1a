import type { Dispatcher, Pool } from 'undici';

export interface Answered {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  bytes: Buffer;
}

/**
 * Sends one request and takes its whole answer before the deadline. Over undici's dispatch: the streams and signals of
 * its `request` cost as much again as the exchange, for answers that are small and read whole.
 */
export function exchange(
  pool: Pool,
  request: Pick<Dispatcher.DispatchOptions, 'method' | 'path' | 'headers' | 'body'>,
  deadlineMs: number,
): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>();
  const answered: Answered = { status: 0, headers: {}, bytes: Buffer.alloc(0) };
  const chunks: Buffer[] = [];
  let controller: Dispatcher.DispatchController | undefined;
  let late: Error | undefined;
  let lastChance: NodeJS.Immediate | undefined;
  const giveUp = () => {
    late = new Error(`no answer within ${deadlineMs} ms`);
    controller?.abort(late);
    reject(late);
  };
  // An answer that arrived while this process was busy is read first: it is not the service that was slow.
  const timer = setTimeout(() => {
    lastChance = setImmediate(giveUp);
  }, deadlineMs);
  const settled = () => {
    clearTimeout(timer);
    clearImmediate(lastChance);
  };

  pool.dispatch(request, {
    onRequestStart(started) {
      controller = started;
      if (late) controller.abort(late);
    },
    onResponseStart(_controller, status, headers) {
      Object.assign(answered, { status, headers });
    },
    onResponseData: (_controller, chunk) => void chunks.push(chunk),
    onResponseEnd() {
      settled();
      resolve({ ...answered, bytes: Buffer.concat(chunks) });
    },
    onResponseError(_controller, error) {
      settled();
      reject(error);
    },
  });
  return promise;
}
