import type { Target } from './target.ts';
import { betterAuth } from './targets/better-auth.ts';
import { glewlwyd } from './targets/glewlwyd.ts';
import { picture } from './targets/picture.ts';
import { sallyport } from './targets/sallyport.ts';
import { seeded } from './targets/seeded.ts';
import { tutorial } from './targets/tutorial.ts';

// biome-ignore lint/suspicious/noExplicitAny: each has accounts of its own
export const targets: Record<string, Target<any>> = {
  sallyport,
  seeded,
  'better-auth': betterAuth,
  tutorial,
  glewlwyd,
  gateway: picture,
  'bare proxy': picture,
  nginx: picture,
};
