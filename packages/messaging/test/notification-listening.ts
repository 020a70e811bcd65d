import { expect, vi } from 'vitest';
import { NotificationResult, type ReceivedNotification } from '../notify/index.ts';
import { notificationTest, watcher } from './notification-fixture.ts';
import { CTXT, Gate } from './rpc-fixture.ts';

/** How listeners start and stop, and how batches are made: part of `describeNotifications`. */
export function describeListening(url: () => string | Promise<string>): void {
  notificationTest(
    'that run when the listener is stopped are finished and acknowledged',
    url,
    async (fixture) => {
      const gate = new Gate();
      const finished: unknown[] = [];
      let running = 0;
      const info = async (_c: object, _p: unknown, _e: unknown, payload: unknown) => {
        running += 1;
        await gate.opened;
        finished.push(payload);
      };
      const listener = await fixture.listen({ info }, { prefetch: 2 });
      const notifier = fixture.notifier();
      for (const n of [1, 2, 3]) await notifier.info(CTXT, 'e', n);
      await vi.waitFor(() => expect(running).toBe(2));
      await listener.stop();
      await listener.stop();
      let waited = false;
      const waiting = listener.wait().then(() => {
        waited = true;
      });
      await new Promise(setImmediate);
      expect(waited).toBe(false);
      gate.open();
      await waiting;
      expect(finished).toEqual([1, 2]);
      const later = watcher();
      await fixture.listen(later);
      await notifier.info(CTXT, 'e', 4);
      await vi.waitFor(() => expect([...later.payloads].sort()).toEqual([3, 4]));
    },
  );

  notificationTest('that are not handled when the transport is closed come again', url, async (fixture) => {
    let started = false;
    const transport = fixture.transport();
    const info = () => {
      started = true;
      return new Promise(() => {});
    };
    await fixture.listen({ info }, { transport });
    await fixture.notifier().info(CTXT, 'e', 'precious');
    await vi.waitFor(() => expect(started).toBe(true));
    await transport.close();
    const later = watcher();
    await fixture.listen(later);
    await vi.waitFor(() => expect(later.payloads).toEqual(['precious']));
  });

  notificationTest('come to a listener that is started again', url, async (fixture) => {
    const endpoint = watcher();
    const listener = await fixture.listen(endpoint);
    await listener.start();
    await listener.stop();
    await fixture.notifier().info(CTXT, 'e', 'between');
    await listener.start();
    await vi.waitFor(() => expect(endpoint.payloads).toEqual(['between']));
  });

  notificationTest('reach a batch endpoint in lists, by priority', url, async (fixture) => {
    const batches: [string, unknown[]][] = [];
    const note = (priority: string) => (batch: ReceivedNotification[]) =>
      void batches.push([priority, batch.map(({ payload }) => payload)]);
    const notifier = fixture.notifier();
    for (const n of [1, 2, 3]) await notifier.info(CTXT, 'e', n);
    const listener = await fixture.listenForBatches(
      { info: note('info') },
      { batchSize: 3, batchTimeout: 600 },
    );
    await vi.waitFor(() => expect(batches).toEqual([['info', [1, 2, 3]]]));
    await listener.stop();
    // One that is not full does not wait for more than its time.
    await fixture.listenForBatches({ info: note('info') }, { batchSize: 3, batchTimeout: 0.2 });
    await notifier.info(CTXT, 'e', 4);
    await vi.waitFor(() => expect(batches.slice(1)).toEqual([['info', [4]]]));
  });

  notificationTest('of a batch come again when it is requeued', url, async (fixture) => {
    const batches: unknown[][] = [];
    const info = (batch: ReceivedNotification[]) => {
      batches.push(batch.map(({ payload }) => payload).sort());
      return batches.length === 1 ? NotificationResult.REQUEUE : undefined;
    };
    const options = { batchSize: 3, batchTimeout: 600, allowRequeue: true };
    await fixture.listenForBatches({ info }, options);
    const notifier = fixture.notifier();
    for (const n of [1, 2, 3]) await notifier.info(CTXT, 'e', n);
    await vi.waitFor(() =>
      expect(batches).toEqual([
        [1, 2, 3],
        [1, 2, 3],
      ]),
    );
  });

  notificationTest(
    'of a batch that is not full are handled when the listener is stopped',
    url,
    async (fixture) => {
      const batches: number[] = [];
      const notifier = fixture.notifier();
      for (const n of [1, 2, 3, 4]) await notifier.info(CTXT, 'e', n);
      const listener = await fixture.listenForBatches(
        { info: (batch: ReceivedNotification[]) => void batches.push(batch.length) },
        { batchSize: 3, batchTimeout: 600 },
      );
      // The fourth came with the others.
      await vi.waitFor(() => expect(batches).toEqual([3]));
      await listener.stop();
      await listener.wait();
      expect(batches).toEqual([3, 1]);
    },
  );
}
