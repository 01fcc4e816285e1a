import { betterAuth } from './better-auth.ts';
import { glewlwyd } from './glewlwyd.ts';
import type { Peer } from './peer.ts';
import { tutorial } from './tutorial.ts';

export const allPeers: readonly Peer[] = [betterAuth, tutorial, glewlwyd];
