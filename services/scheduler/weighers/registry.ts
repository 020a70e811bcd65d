import { optionsOf } from '@mini-nova/config';
import { cpuWeigher } from './cpu-weigher.ts';
import type { HostWeigher } from './host-weigher.ts';
import { ramWeigher } from './ram-weigher.ts';

/** Each of them weighs every host that passed. One whose multiplier is 0 has no effect. */
export const weighers = [ramWeigher, cpuWeigher] as const satisfies readonly HostWeigher[];

export const weigherOptions = optionsOf(weighers);
