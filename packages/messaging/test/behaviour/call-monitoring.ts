import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { MessagingTimeout, ServerLost } from '../../index.ts';
import { CTXT, Gate } from '../rpc-fixture.ts';
import type { UrlFactory } from '../transport-behaviour.ts';
import { rpcTest } from './rpc-test.ts';

/** Keeps the event loop from its other work, for so many milliseconds. */
function block(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

export function describeCallMonitoring(url: UrlFactory): void {
  describe('a monitored call', () => {
    rpcTest('lives on as long as its endpoint runs', url, async (rpc) => {
      // Longer than twice the monitor's patience: the passing of time is what is tested.
      await rpc.serve({ slow: () => delay(2500, 'done') });
      const context = rpc.client().prepare({ callMonitorTimeout: 1 });
      expect(await context.call(CTXT, 'slow', {})).toBe('done');
    });

    rpcTest('ends before its timeout when its server is gone', url, async (rpc) => {
      const [started, finish] = [new Gate(), new Gate()];
      const transport = rpc.transport();
      await rpc.serve(
        {
          slow: async () => {
            started.open();
            await finish.opened;
          },
        },
        { transport },
      );
      // Calls are monitored by default: only the transport says for how long.
      const client = rpc.client({ transport: rpc.transport({ callMonitorTimeout: 1 }) });
      const call = client.call(CTXT, 'slow', {});
      const outcome = call.catch((error: unknown) => error);
      await started.opened;
      await transport.close();
      const error = await outcome;
      expect(error).toBeInstanceOf(ServerLost);
      expect(error).toBeInstanceOf(MessagingTimeout);
      finish.open();
    });

    rpcTest('lives on while its server is too busy to say so', url, async (rpc) => {
      await rpc.serve({
        busy: async () => {
          for (let times = 0; times < 3; times += 1) {
            block(900);
            await delay(1);
          }
          return 'done';
        },
      });
      const context = rpc.client().prepare({ callMonitorTimeout: 1 });
      expect(await context.call(CTXT, 'busy', {})).toBe('done');
    });

    rpcTest('lives on while it waits for its turn', url, async (rpc) => {
      await rpc.serve({ slow: () => delay(2000, 'done') }, { prefetch: 1 });
      const context = rpc.client().prepare({ callMonitorTimeout: 1 });
      const calls = [context.call(CTXT, 'slow', {}), context.call(CTXT, 'slow', {})];
      expect(await Promise.all(calls)).toEqual(['done', 'done']);
    });

    rpcTest('still ends with its timeout', url, async (rpc) => {
      const gate = new Gate();
      await rpc.serve({ slow: () => gate.opened });
      const context = rpc.client().prepare({ timeout: 1.5, callMonitorTimeout: 1 });
      await expect(context.call(CTXT, 'slow', {})).rejects.toThrow(MessagingTimeout);
      gate.open();
    });
  });
}
