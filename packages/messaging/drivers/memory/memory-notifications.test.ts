import { randomUUID } from 'node:crypto';
import { expect, vi } from 'vitest';
import { describeNotifications } from '../../test/notification-behaviour.ts';
import { notificationTest } from '../../test/notification-fixture.ts';
import { RecordingLogger } from '../../test/recording-logger.ts';
import { CTXT } from '../../test/rpc-fixture.ts';

const newBus = () => `memory://${randomUUID()}/`;

describeNotifications('memory', newBus);

notificationTest('a queue is full however much room its listener has', newBus, async (fixture) => {
  const transport = fixture.transport({ logger: new RecordingLogger(), limits: { queueMessages: 2 } });
  const payloads: unknown[] = [];
  const endpoint = { info: (...[, , , payload]: unknown[]) => payloads.push(payload) };
  await fixture.listen(endpoint, { prefetch: 0 });
  const notifier = fixture.notifier({ transport });
  const sent = [1, 2, 3].map((payload) => notifier.info(CTXT, 'e', payload));
  expect(await Promise.all(sent)).toEqual([true, true, false]);
  await vi.waitFor(() => expect(payloads).toEqual([1, 2]));
  expect(await notifier.info(CTXT, 'e', 4)).toBe(true);
  await vi.waitFor(() => expect(payloads).toEqual([1, 2, 4]));
});

notificationTest('a full queue refuses notifications, and has room again', newBus, async (fixture) => {
  const logger = new RecordingLogger();
  const transport = fixture.transport({ logger, limits: { queueMessages: 2 } });
  const notifier = fixture.notifier({ transport });
  expect(await notifier.info(CTXT, 'e', 1)).toBe(true);
  expect(await notifier.info(CTXT, 'e', 2)).toBe(true);
  expect(await notifier.info(CTXT, 'e', 3)).toBe(false);
  expect(logger.at('error')[0]?.data.reason).toContain(`${fixture.topic}.info`);
  const payloads: unknown[] = [];
  await fixture.listen({
    info: (_c: object, _p: unknown, _e: unknown, payload: unknown) => payloads.push(payload),
  });
  await vi.waitFor(() => expect(payloads).toEqual([1, 2]));
  expect(await notifier.info(CTXT, 'e', 4)).toBe(true);
  await vi.waitFor(() => expect(payloads).toEqual([1, 2, 4]));
});
