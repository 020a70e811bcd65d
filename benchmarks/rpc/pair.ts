import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { waitFor } from '@mini-nova/testing';
import type { PeerProcess } from '../shared/peer-process.ts';
import type { Memory, Usage } from '../shared/usage.ts';
import type { CallRun, CastRun, LoopOptions } from './closed-loop.ts';
import type { ContenderInfo } from './contenders.ts';
import type { CallFigures, CastFigures, MemoryFigures } from './figures.ts';

/** Seconds that a contender may take for what is not measured. */
const PATIENCE = 60;
/** Seconds of the same load before each measurement. */
const LEAD_IN = 0.3;

/** A contender's server and client, each in its process. */
export class Pair {
  readonly info: ContenderInfo;
  readonly #server: PeerProcess;
  readonly #client: PeerProcess;

  private constructor(info: ContenderInfo, server: PeerProcess, client: PeerProcess) {
    this.info = info;
    this.#server = server;
    this.#client = client;
  }

  static async start(info: ContenderInfo, url: string): Promise<Pair> {
    const place = { url, topic: `bench-${info.id}-${randomBytes(4).toString('hex')}` };
    const pair = new Pair(info, await info.start('server'), await info.start('client'));
    try {
      await pair.#server.request('serve', place);
      await pair.#client.request('connect', place);
    } catch (error) {
      await pair.stop();
      throw error;
    }
    return pair;
  }

  async stop(): Promise<void> {
    await this.#client.stop();
    await this.#server.stop();
  }

  async warmUp(seconds: number): Promise<void> {
    await this.#client.request('calls', { inFlight: 64, seconds });
  }

  /** With `profiles`, a folder: writes a CPU profile of both ends. */
  async calls(inFlight: number, seconds: number, profiles?: string): Promise<CallFigures> {
    await this.#client.request('calls', { inFlight, seconds: LEAD_IN });
    const file = (role: string): string | undefined =>
      profiles && join(profiles, `${this.info.id}-${inFlight}-${role}.cpuprofile`);
    await this.#server.request('begin', { profiled: profiles !== undefined });
    const options: LoopOptions = { inFlight, seconds, ...(profiles && { profile: file('client') ?? '' }) };
    const run = await this.#client.request<CallRun>('calls', options);
    const serverUsage = await this.#server.request<Usage>('end', { file: file('server') });
    return {
      perSecond: run.perSecond,
      p50: run.p50,
      p99: run.p99,
      client: perMessage(run.usage, run.calls),
      server: perMessage(serverUsage, run.calls),
    };
  }

  /** Casts that arrived, per second from the first sent to the last taken by a server's method. */
  async casts(inFlight: number, seconds: number): Promise<CastFigures> {
    await this.#server.request('begin', { profiled: false });
    const run = await this.#client.request<CastRun>('casts', { inFlight, seconds });
    let arrived = { count: 0, lastAt: 0 };
    await waitFor(
      `${this.info.id}: ${run.casts} casts`,
      async () => {
        arrived = await this.#server.request('notes');
        return arrived.count >= run.casts;
      },
      { timeout: PATIENCE },
    );
    const serverUsage = await this.#server.request<Usage>('end', {});
    return {
      perSecond: (run.casts / (arrived.lastAt - run.startedAt)) * 1000,
      client: perMessage(run.usage, run.casts),
      server: perMessage(serverUsage, run.casts),
    };
  }

  /** The memory of each of `count` calls that the server has not answered. */
  async memory(count: number): Promise<MemoryFigures> {
    const serverBefore = await this.#server.request<Memory>('hold');
    const clientBefore = await this.#client.request<Memory>('startHeld', { count });
    await waitFor(
      `${this.info.id}: ${count} calls in flight`,
      async () => (await this.#server.request<number>('held')) >= count,
      { timeout: PATIENCE },
    );
    const client = await this.#client.request<Memory>('memory');
    const server = await this.#server.request<Memory>('memory');
    await this.#server.request('release');
    await this.#client.request('endHeld');
    return {
      client: perCall(clientBefore, client, count),
      server: perCall(serverBefore, server, count),
    };
  }
}

function perMessage({ cpu, loopDelay }: Usage, messages: number): CallFigures['client'] {
  return { cpu: cpu / messages, loopDelay: loopDelay?.p99 ?? null };
}

function perCall(before: Memory, after: Memory, count: number): Memory {
  return { held: (after.held - before.held) / count, rss: (after.rss - before.rss) / count };
}
