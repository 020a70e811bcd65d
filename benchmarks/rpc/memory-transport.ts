import { median } from '../shared/statistics.ts';
import type { CallRun } from './closed-loop.ts';
import { MEMORY } from './contenders.ts';
import { nodePeer } from './node-peer.ts';

const IN_FLIGHT = 64;

/** Calls per second on the memory transport, client and server in one process: a median. */
export async function memoryCallsPerSecond(rounds: number, seconds: number): Promise<number> {
  const peer = nodePeer(MEMORY, 'client');
  try {
    await peer.request('connect', { url: '', topic: 'bench' });
    await peer.request('calls', { inFlight: IN_FLIGHT, seconds: 1 });
    const rates: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const run = await peer.request<CallRun>('calls', { inFlight: IN_FLIGHT, seconds });
      rates.push(run.perSecond);
    }
    return median(rates);
  } finally {
    await peer.stop();
  }
}
