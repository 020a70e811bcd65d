import { vi } from 'vitest';
import { CTXT, Gate } from '../../rpc-fixture.ts';
import type { FaultBench } from './fault-bench.ts';

export const echo = { echo: (_ctxt: object, { value }: { value: unknown }) => value };

/** 0 to count - 1. */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/**
 * Waits until each queue of server host1 (topic, topic.server, fanout) is served again. The server has `echo` and
 * `pulse`, which is told of fanouts.
 */
export async function recovery(bench: FaultBench, pulse: Pulse): Promise<void> {
  const caller = bench.client();
  // A request that was lost with its queue is sent again.
  const attempt = { timeout: 2 };
  await vi.waitFor(() => caller.prepare(attempt).call(CTXT, 'echo', { value: 1 }));
  await vi.waitFor(
    () => caller.prepare({ ...attempt, server: 'host1' }).call(CTXT, 'echo', { value: 1 }),
    10_000,
  );
  const before = pulse.count;
  await vi.waitFor(async () => {
    await caller.prepare({ fanout: true }).cast(CTXT, 'pulse', {});
    if (pulse.count === before) throw new Error('no fanout has come');
  });
}

/** Counts the fanouts that come. */
export class Pulse {
  count = 0;
  readonly endpoint = {
    pulse: (): void => {
      this.count += 1;
    },
  };
}

/** A method that runs until the test lets it finish, and gives its `value` back. */
export class SlowMethod {
  /** How often it was started. */
  running = 0;
  readonly finish = new Gate();
  readonly endpoint = {
    slow: async (_ctxt: object, { value }: { value: unknown }): Promise<unknown> => {
      this.running += 1;
      await this.finish.opened;
      return value;
    },
  };
}
