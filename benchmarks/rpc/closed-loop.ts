import { CpuProfile } from '../shared/cpu-profile.ts';
import { quantile } from '../shared/statistics.ts';
import { type Usage, UsageMeter } from '../shared/usage.ts';
import { ECHO_ARGS, type EchoClient } from './contender.ts';

export interface LoopOptions {
  /** How many loops run concurrently, each with one call or cast in flight. */
  inFlight: number;
  seconds: number;
  /** Where to write a CPU profile of the run. */
  profile?: string;
}

export interface CallRun {
  calls: number;
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  usage: Usage;
}

export interface CastRun {
  casts: number;
  /** Milliseconds since the epoch. */
  startedAt: number;
  usage: Usage;
}

/** Calls as fast as answers come. */
export async function callInLoops(client: EchoClient, options: LoopOptions): Promise<CallRun> {
  const latencies: number[] = [];
  const { result: seconds, usage } = await measured(options.profile, () =>
    inLoops(options, async () => {
      const start = performance.now();
      await client.call(ECHO_ARGS);
      latencies.push(performance.now() - start);
    }),
  );
  const ascending = Float64Array.from(latencies).sort();
  return {
    calls: latencies.length,
    perSecond: latencies.length / seconds,
    p50: quantile(ascending, 0.5),
    p99: quantile(ascending, 0.99),
    usage,
  };
}

/** Casts as fast as the transport takes them. */
export async function castInLoops(client: EchoClient, options: LoopOptions): Promise<CastRun> {
  let casts = 0;
  const startedAt = Date.now();
  const { usage } = await measured(options.profile, () =>
    inLoops(options, async () => {
      await client.cast(ECHO_ARGS);
      casts += 1;
      // Even a cast that waits for nothing must let the socket write.
      if (casts % MACROTASK_EVERY === 0) await nextMacrotask();
    }),
  );
  return { casts, startedAt, usage };
}

const MACROTASK_EVERY = 64;

function nextMacrotask(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Returns for how many seconds it ran. */
async function inLoops({ inFlight, seconds }: LoopOptions, step: () => Promise<void>): Promise<number> {
  const start = performance.now();
  const end = start + seconds * 1000;
  const loop = async (): Promise<void> => {
    while (performance.now() < end) await step();
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  return (performance.now() - start) / 1000;
}

async function measured<T>(
  profileFile: string | undefined,
  run: () => Promise<T>,
): Promise<{ result: T; usage: Usage }> {
  const profile = profileFile === undefined ? undefined : new CpuProfile();
  await profile?.start();
  const meter = new UsageMeter();
  const result = await run();
  const usage = meter.end();
  if (profileFile !== undefined) await profile?.write(profileFile);
  return { result, usage };
}
