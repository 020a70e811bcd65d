import { describe, expect, vi } from 'vitest';
import { Target } from '../index.ts';
import { getNotificationListener, NotificationResult } from '../notify/index.ts';
import { type Info, notificationTest, watcher } from './notification-fixture.ts';
import { describeListening } from './notification-listening.ts';
import { RecordingLogger } from './recording-logger.ts';
import { CTXT, Gate } from './rpc-fixture.ts';

/** What every transport does with notifications; the same on RabbitMQ as in memory. */
export function describeNotifications(name: string, url: () => string | Promise<string>): void {
  describe(`notifications over ${name}`, () => {
    describeListening(url);

    notificationTest('arrive with everything that was said', url, async (fixture) => {
      const calls: Info[] = [];
      await fixture.listen({ info: (...args: Info) => void calls.push(args) });
      const payload = { state: 'active', text: 'ünï', nothing: null, list: [1, { deep: true }] };
      expect(await fixture.notifier().info(CTXT, 'compute.instance.create.end', payload)).toBe(true);
      await vi.waitFor(() => expect(calls).toHaveLength(1));
      expect(calls[0]).toEqual([
        CTXT,
        'compute.host1',
        'compute.instance.create.end',
        payload,
        {
          message_id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
          timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/),
        },
      ]);
    });

    for (const driver of ['messaging', 'messagingv2']) {
      notificationTest(`of driver ${driver} arrive by their priorities`, url, async (fixture) => {
        const calls: [string, unknown][] = [];
        const note = (priority: string) => (_c: object, _p: unknown, _e: unknown, payload: unknown) =>
          void calls.push([priority, payload]);
        await fixture.listen([
          { audit: note('audit'), debug: note('debug'), info: note('info'), warn: note('warn') },
          { error: note('error'), critical: note('critical'), sample: note('sample') },
        ]);
        const notifier = fixture.notifier({ drivers: [driver] });
        const priorities = ['audit', 'debug', 'info', 'warn', 'error', 'critical', 'sample'] as const;
        for (const priority of priorities) await notifier[priority](CTXT, 'e', priority.toUpperCase());
        await vi.waitFor(() => expect(calls).toHaveLength(7));
        expect(calls.sort()).toEqual(priorities.map((one) => [one, one.toUpperCase()]).sort());
      });
    }

    notificationTest(
      'with a name that no broker takes are a TypeError of both ends',
      url,
      async (fixture) => {
        const [transport, long] = [fixture.transport(), 'ü'.repeat(128)];
        const tooLong = /^The name of the queue ".+…" has \d+ bytes, and may have 255$/;
        const listen = (options: object, topic = fixture.topic) =>
          getNotificationListener(transport, [new Target({ topic })], [watcher()], options);
        for (const make of [
          () => fixture.notifier({ transport, topics: [fixture.topic, long] }),
          () => listen({}, long),
          () => listen({ pool: long }),
        ]) {
          expect(make).toThrow(TypeError);
          expect(make).toThrow(tooLong);
        }
      },
    );

    notificationTest('wait for a listener that has not come yet', url, async (fixture) => {
      const notifier = fixture.notifier();
      for (const n of [1, 2, 3]) await notifier.info(CTXT, 'e', n);
      await notifier.error(CTXT, 'e', 'nobody listens to errors');
      const endpoint = watcher();
      await fixture.listen(endpoint);
      await vi.waitFor(() => expect(endpoint.payloads).toEqual([1, 2, 3]));
    });

    notificationTest('are shared by listeners of one topic', url, async (fixture) => {
      const [one, two] = [watcher(), watcher()];
      await fixture.listen(one);
      await fixture.listen(two);
      const notifier = fixture.notifier();
      for (let n = 0; n < 20; n += 1) await notifier.info(CTXT, 'e', n);
      await vi.waitFor(() => expect(one.payloads.length + two.payloads.length).toBe(20));
      expect(one.payloads.length).toBeGreaterThan(0);
      expect(two.payloads.length).toBeGreaterThan(0);
      expect(new Set([...one.payloads, ...two.payloads]).size).toBe(20);
    });

    notificationTest('reach each pool once, and the listeners without one', url, async (fixture) => {
      const [plain, first, second, other] = [watcher(), watcher(), watcher(), watcher()];
      const warnings: unknown[] = [];
      await fixture.listen(plain);
      await fixture.listen(first, { pool: `${fixture.topic}-a` });
      await fixture.listen(second, { pool: `${fixture.topic}-a` });
      const warn = (_c: object, _p: unknown, _e: unknown, payload: unknown) => void warnings.push(payload);
      await fixture.listen({ ...other, warn }, { pool: `${fixture.topic}-b` });
      const notifier = fixture.notifier();
      for (let n = 0; n < 10; n += 1) await notifier.info(CTXT, 'e', n);
      await notifier.warn(CTXT, 'e', 'careful');
      const pool = () => [...first.payloads, ...second.payloads].sort();
      await vi.waitFor(() => expect(pool()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
      await vi.waitFor(() => expect(plain.payloads).toHaveLength(10));
      await vi.waitFor(() => expect(other.payloads).toHaveLength(10));
      await vi.waitFor(() => expect(warnings).toEqual(['careful']));
      expect(first.payloads.length).toBeGreaterThan(0);
      expect(second.payloads.length).toBeGreaterThan(0);
    });

    notificationTest('come again when they are requeued', url, async (fixture) => {
      const payloads: unknown[] = [];
      const info = (_c: object, _p: unknown, _e: unknown, payload: unknown) => {
        payloads.push(payload);
        return payloads.length < 3 ? NotificationResult.REQUEUE : NotificationResult.HANDLED;
      };
      const started = performance.now();
      const listener = await fixture.listen({ info }, { allowRequeue: true });
      await fixture.notifier().info(CTXT, 'e', 'stubborn');
      await vi.waitFor(() => expect(payloads).toEqual(['stubborn', 'stubborn', 'stubborn']));
      // What comes back again and again does so at a walk.
      expect(performance.now() - started).toBeGreaterThan(900);
      await listener.stop();
      await listener.wait();
      const later = watcher();
      await fixture.listen(later);
      await fixture.notifier().info(CTXT, 'e', 'last');
      await vi.waitFor(() => expect(later.payloads).toEqual(['last']));
    });

    notificationTest(
      'are acknowledged when an endpoint throws, and the failure is logged',
      url,
      async (fixture) => {
        const logger = new RecordingLogger();
        let calls = 0;
        const info = () => {
          calls += 1;
          throw new Error('broken');
        };
        const transport = fixture.transport({ logger });
        const listener = await fixture.listen({ info }, { transport });
        await fixture.notifier().info(CTXT, 'e', { password: 'hidden' });
        await vi.waitFor(() => expect(logger.at('error')).toHaveLength(1));
        expect(JSON.stringify(logger.lines)).not.toContain('hidden');
        expect(logger.at('error')[0]?.data).toMatchObject({ event_type: 'e', publisher_id: 'compute.host1' });
        await listener.stop();
        await listener.wait();
        const later = watcher();
        await fixture.listen(later);
        await fixture.notifier().info(CTXT, 'e', 'last');
        await vi.waitFor(() => expect(later.payloads).toEqual(['last']));
        expect(calls).toBe(1);
      },
    );

    notificationTest('are requeued when an endpoint throws and that is allowed', url, async (fixture) => {
      let calls = 0;
      const info = async () => {
        calls += 1;
        if (calls === 1) throw new Error('broken once');
      };
      await fixture.listen({ info }, { allowRequeue: true });
      await fixture.notifier().info(CTXT, 'e', {});
      await vi.waitFor(() => expect(calls).toBe(2));
    });

    notificationTest('are handled no more at once than prefetch says', url, async (fixture) => {
      const gate = new Gate();
      let [running, most, done] = [0, 0, 0];
      const handle = async () => {
        running += 1;
        most = Math.max(most, running);
        await gate.opened;
        running -= 1;
        done += 1;
      };
      const notifier = fixture.notifier();
      for (let n = 0; n < 5; n += 1) {
        await notifier.info(CTXT, 'e', n);
        await notifier.warn(CTXT, 'e', n);
      }
      await fixture.listen({ info: handle, warn: handle }, { prefetch: 3 });
      await vi.waitFor(() => expect(running).toBe(3));
      gate.open();
      await vi.waitFor(() => expect(done).toBe(10));
      expect(most).toBe(3);
    });

    notificationTest('of a notifier with two topics go to both', url, async (fixture) => {
      const endpoint = watcher();
      await fixture.listen(endpoint);
      const topics = [fixture.topic, fixture.topic];
      await fixture.notifier({ topics }).info(CTXT, 'e', 'twice');
      await vi.waitFor(() => expect(endpoint.payloads).toEqual(['twice', 'twice']));
    });

    notificationTest('on another exchange are others', url, async (fixture) => {
      const endpoint = watcher();
      const nova = `nova-${fixture.topic}`;
      await fixture.listen(endpoint, { transport: fixture.transport({ controlExchange: nova }) });
      const pool = watcher();
      await fixture.listen(pool, { pool: `${fixture.topic}-p` });
      await fixture
        .notifier({ transport: fixture.transport({ controlExchange: nova }) })
        .info(CTXT, 'e', 'near');
      await vi.waitFor(() => expect(endpoint.payloads).toEqual(['near']));
      expect(pool.payloads).toEqual([]);
    });

    notificationTest(
      'cannot be sent over a closed transport, which is told and logged',
      url,
      async (fixture) => {
        const logger = new RecordingLogger();
        const transport = fixture.transport({ logger });
        const notifier = fixture.notifier({ transport });
        await transport.close();
        expect(await notifier.info(CTXT, 'e', {})).toBe(false);
        expect(logger.at('error')).toHaveLength(1);
        await expect(fixture.listen(watcher(), { transport })).rejects.toMatchObject({
          code: 'MESSAGE_DELIVERY_FAILURE',
        });
      },
    );
  });
}
