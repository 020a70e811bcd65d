import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Two readings whose difference is below this (ms) may be of one clock: the kernel tells its uptime in 10 ms. */
const RESOLUTION = 200;
/** The two clocks are to be read within so many milliseconds of each other, in one of so many tries. */
const PROMPT = 5;
const TRIES = 5;

/** This machine's monotonic clock, which nobody sets: processes that read the same one can compare what they read. */
export interface MachineClock {
  /** Equal in processes that read the same clock, and in no others. */
  readonly name: string;
  /** What `performance.now()` lacks (ms) to what the clock shows. */
  readonly offset: number;
}

/** Reads which clock this process has. Where the kernel does not tell, it is the process's own. */
export function readMachineClock(): MachineClock {
  const offset = readOffset();
  try {
    return { name: nameOf(kernelClock()), offset };
  } catch {
    // Not Linux, or /proc is not there: only this process knows the clock.
    return { name: nameOf([randomUUID()]), offset };
  }
}

/**
 * By what a clock is known: kernel, name space, host. And how far it is from the kernel's uptime, for a process may be
 * made to see another time than the kernel's (by a library that is loaded ahead, as Debian's faketime); a machine that
 * has slept moves that, for all processes that start from then on.
 */
function kernelClock(): readonly (string | number)[] {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  const nameSpace = readlinkSync('/proc/self/ns/time');
  return [boot, nameSpace, hostname(), Math.round(aheadOfUptime() / RESOLUTION)];
}

/** Milliseconds. @throws Error when the two cannot be read at nearly one time */
function aheadOfUptime(): number {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const before = monotonic();
    const uptime = Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * 1000;
    const after = monotonic();
    if (after - before <= PROMPT) return before - uptime;
  }
  throw new Error('The machine is too busy to compare its clocks');
}

/** Milliseconds. Of several readings the closest, for the process may be put aside between the two clocks. */
function readOffset(): number {
  const readings = Array.from({ length: TRIES }, () => {
    const before = performance.now();
    const at = monotonic();
    const after = performance.now();
    return { took: after - before, offset: at - after };
  });
  return readings.reduce((best, reading) => (reading.took < best.took ? reading : best)).offset;
}

/** Milliseconds. */
function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function nameOf(parts: readonly (string | number)[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 12);
}
