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

async function readBytes(req: Request, res: Response): Promise<Buffer> {
  const tooLarge = () => new Refusal(refuse(commonProblems['body-too-large'], { headers: { Connection: 'close' } }));
  if (Number(req.headers['content-length'] ?? 0) > limitBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limitBytes) {
      res.once('finish', () => req.destroy());
      throw tooLarge();
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

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
