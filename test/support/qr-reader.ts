import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import jsqr from 'jsqr';
import { PNG } from 'pngjs';
import { findProgram } from './servers/find-servers.ts';

// A module whose default export TypeScript sees twice wrapped.
const decode = jsqr as unknown as typeof jsqr.default;

/** With zbar, the reader of many scanners. */
export async function readQrWithZbar(png: Buffer, zbarimg = findProgram('zbarimg') ?? 'zbarimg'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-qr-'));
  try {
    const file = join(folder, 'code.png');
    await writeFile(file, png);
    const { stdout } = await promisify(execFile)(zbarimg, ['--quiet', '--raw', '--oneshot', file]);
    return stdout.replace(/\n$/, '');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** With nothing but JavaScript. */
export async function readQrWithJsqr(png: Buffer): Promise<string> {
  const { data, width, height } = PNG.sync.read(png);
  const code = decode(new Uint8ClampedArray(data), width, height);
  if (!code) throw new Error('no QR code in this image');
  return code.data;
}

/** What a camera reads out of this picture: by zbar where it is installed, else by jsqr. */
export async function readQr(png: Buffer): Promise<string> {
  const zbarimg = findProgram('zbarimg');
  return zbarimg ? await readQrWithZbar(png, zbarimg) : await readQrWithJsqr(png);
}
