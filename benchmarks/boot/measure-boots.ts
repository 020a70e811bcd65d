import { builtFile } from '../shared/paths.ts';
import { PeerProcess } from '../shared/peer-process.ts';
import { quantile } from '../shared/statistics.ts';
import { Booter } from './boots.ts';
import { CloudProcess, type CloudProcessOptions } from './cloud-process.ts';
import type { Samples } from './sampler.ts';

/** The name of a server that answers at once: it shows how late the machine itself is. */
export const IDLE = 'a server with nothing to do';

/** Milliseconds until the answer. */
export interface Latency {
  p50: number;
  p99: number;
  longest: number;
  samples: number;
}

/** The results of one round. */
export interface BootFigures {
  perSecond: number;
  /** Milliseconds of processor time per boot, of all threads, by process. */
  processor: Record<string, number>;
  /** Latencies while the servers booted, by what was asked. */
  latencies: Record<string, Latency>;
}

export interface MeasureOptions extends CloudProcessOptions {
  count: number;
  /** Boots that come first and do not count. */
  warmUp: number;
}

/** Boots `count` servers at once in a new cloud, and then as many while probes ask. */
export async function measureBoots(options: MeasureOptions): Promise<BootFigures> {
  const cloud = await CloudProcess.start(options);
  const booter = new Booter(cloud.endpoint);
  const [sampler, idler] = ['sampler', 'idler'].map(
    (name) => new PeerProcess(name, process.execPath, [builtFile('boot/sampler.js')]),
  ) as [PeerProcess, PeerProcess];
  try {
    const probes = { ...cloud.probes, [IDLE]: await idler.request<string>('idle') };
    if (options.warmUp > 0) await booter.boot(options.warmUp);
    // Twice, because probing also takes processor time: the more, the slower the machine is.
    const cost = await costOf(cloud, booter, options.count);
    await sampler.request('begin', { probes });
    await booter.boot(options.count);
    const samples = await sampler.request<Samples>('end');
    return {
      ...cost,
      latencies: Object.fromEntries(Object.entries(samples).map(([name, times]) => [name, latencyOf(times)])),
    };
  } finally {
    booter.close();
    await Promise.all([sampler.stop(), idler.stop()]);
    await cloud.stop();
  }
}

async function costOf(
  cloud: CloudProcess,
  booter: Booter,
  count: number,
): Promise<Pick<BootFigures, 'perSecond' | 'processor'>> {
  const before = await cloud.processorTimes();
  const begin = performance.now();
  await booter.boot(count);
  const seconds = (performance.now() - begin) / 1000;
  return { perSecond: count / seconds, processor: perBoot(before, await cloud.processorTimes(), count) };
}

function perBoot(
  before: Record<string, number>,
  after: Record<string, number>,
  count: number,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after).map(([name, seconds]) => [name, ((seconds - (before[name] ?? 0)) * 1000) / count]),
  );
}

function latencyOf(times: readonly number[]): Latency {
  const sorted = [...times].sort((a, b) => a - b);
  return {
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    longest: sorted.at(-1) ?? Number.NaN,
    samples: sorted.length,
  };
}
