import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { MessagingTimeout } from '../../index.ts';
import { CTXT, Gate } from '../rpc-fixture.ts';
import type { UrlFactory } from '../transport-behaviour.ts';
import { rpcTest } from './rpc-test.ts';

export function describeCallMonitoring(url: UrlFactory): void {
  describe('a monitored call', () => {
    rpcTest('lives on as long as its endpoint runs', url, async (rpc) => {
      // Longer than twice the monitor's patience: the passing of time is what is tested.
      await rpc.serve({ slow: () => delay(2500, 'done') });
      const context = rpc.client().prepare({ callMonitorTimeout: 1 });
      expect(await context.call(CTXT, 'slow', {})).toBe('done');
    });

    rpcTest('ends soon after its server is gone', url, async (rpc) => {
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
      const start = performance.now();
      const call = rpc.client().prepare({ callMonitorTimeout: 1 }).call(CTXT, 'slow', {});
      const outcome = call.catch((error: unknown) => error);
      await started.opened;
      await transport.close();
      expect(await outcome).toBeInstanceOf(MessagingTimeout);
      expect(performance.now() - start).toBeLessThan(5000);
      finish.open();
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
