import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { refuse } from './answer.ts';
import { commonProblems } from './problem.ts';
import { Refusal } from './refusal.ts';
import { parseStrictJson } from './strict-json.ts';

const limitBytes = 16 * 1024;
const maxDepth = 8;
const mediaType = /^application\/json[ \t]*(;[ \t]*charset="?utf-8"?[ \t]*)?$/i;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** Reads a JSON object of at most 16 KiB into `req.body`; no body at all is `{}`. */
export const jsonBody: RequestHandler = async (req: Request, res: Response, next: NextFunction) => {
  const announced = req.headers['content-length'];
  const empty = req.headers['transfer-encoding'] === undefined && (announced === undefined || announced === '0');
  if (empty) {
    req.body = {};
    return next();
  }
  if (!mediaType.test(req.headers['content-type'] ?? '') || req.headers['content-encoding'] !== undefined) {
    throw new Refusal(refuse(commonProblems['unsupported-media-type'], { headers: { Connection: 'close' } }));
  }
  const bytes = await readBytes(req, res);
  req.body = bytes.length === 0 ? {} : parseObject(bytes);
  next();
};

/**
 * By events: an async iterator over the request would take as long as all else that is done with a body.
 * @throws Error where the caller has gone, or goes before all of it is here
 */
async function readBytes(req: Request, res: Response): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > limitBytes) throw tooLarge();
  if (req.destroyed) throw brokenOff();
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let length = 0;
  const take = (chunk: Buffer) => {
    length += chunk.length;
    if (length <= limitBytes) return void chunks.push(chunk);
    req.off('data', take).pause();
    res.once('finish', () => req.destroy());
    reject(tooLarge());
  };
  req.on('data', take).once('end', () => resolve(Buffer.concat(chunks)));
  req.once('error', reject).once('close', () => req.readableEnded || reject(brokenOff()));
  return promise;
}

const tooLarge = () => new Refusal(refuse(commonProblems['body-too-large'], { headers: { Connection: 'close' } }));

const brokenOff = () => new Error('the caller has gone before its whole body was here');

function parseObject(bytes: Buffer): object {
  const parsed = parseStrictJson(decode(bytes) ?? '', maxDepth);
  const value = parsed?.value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal(
      refuse(commonProblems['malformed-json'], {
        detail: `The body must be one JSON object, nested at most ${maxDepth} deep, with no key twice.`,
      }),
    );
  }
  return value;
}

function decode(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
