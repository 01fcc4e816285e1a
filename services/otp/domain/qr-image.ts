import qrcode from 'qrcode';

const look = { errorCorrectionLevel: 'M', margin: 4, scale: 4 } as const;

/** A PNG with four pixels a module and the quiet zone of ISO/IEC 18004: phones and scanners read it from a screen. */
export function qrPng(text: string): Promise<Buffer> {
  return qrcode.toBuffer(text, { ...look, type: 'png' });
}

export function qrSvg(text: string): Promise<string> {
  return qrcode.toString(text, { ...look, type: 'svg' });
}

export async function qrDataUri(text: string): Promise<string> {
  return `data:image/png;base64,${(await qrPng(text)).toString('base64')}`;
}
