import { optionsOf } from '@mini-nova/config';
import { cpuWeigher } from './cpu-weigher.ts';
import type { HostWeigher } from './host-weigher.ts';
import { ramWeigher } from './ram-weigher.ts';

/** All of them weigh every host that passed; one whose multiplier is 0 has no say. */
export const weighers = [ramWeigher, cpuWeigher] as const satisfies readonly HostWeigher[];

export const weigherOptions = optionsOf(weighers);
