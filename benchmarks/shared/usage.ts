import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** The resources that a process used between two points in time. */
export interface Usage {
  /** Of all threads, user and system, in microseconds. */
  cpu: number;
  /** By how much timers came late, in milliseconds; null where there is no event loop. */
  loopDelay: { p50: number; p99: number; max: number } | null;
}

/** Milliseconds between two samples of the event loop. */
const RESOLUTION = 5;
const NANOSECONDS = 1e6;

/** Measures this process from construction to `end`. */
export class UsageMeter {
  readonly #cpu = process.cpuUsage();
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION });

  constructor() {
    this.#delay.enable();
  }

  end(): Usage {
    this.#delay.disable();
    const { user, system } = process.cpuUsage(this.#cpu);
    // The histogram holds the time between two samples, which is never shorter than the resolution.
    const late = (nanoseconds: number): number => Math.max(nanoseconds / NANOSECONDS - RESOLUTION, 0);
    const { max } = this.#delay;
    const loopDelay = {
      p50: late(this.#delay.percentile(50)),
      p99: late(this.#delay.percentile(99)),
      max: late(max),
    };
    return { cpu: user + system, loopDelay };
  }
}

/** Bytes, after a garbage collection: what JavaScript holds, within and outside of its heap, and the process's size. */
export interface Memory {
  held: number;
  rss: number;
}

/** @throws Error when Node runs without --expose-gc */
export function memoryInUse(): Memory {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('run node with --expose-gc');
  gc();
  gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { held: heapUsed + external, rss };
}
