import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { RpcRequest } from '../packages/messaging/index.ts';
import { callUntilBegun } from '../packages/messaging/test/call-until-begun.ts';
import { RecordingLogger } from '../packages/messaging/test/recording-logger.ts';
import { CTXT, Gate } from '../packages/messaging/test/rpc-fixture.ts';
import { BothEnds } from './support/both-ends.ts';

const ends = BothEnds.use();
const SLOW = { method: 'slow' };

describe('a slow call to a Python server', () => {
  test('is kept alive by its signs of life, by default and with another monitor timeout', async () => {
    await ends.servePython();
    const slow = (duration: number, options: { callMonitorTimeout?: number | null }) => {
      const context = ends.client({ timeout: 200 }).prepare(options);
      return context.call(CTXT, 'slow', { seconds: duration, result: duration });
    };
    // Python shows a sign of life no more often than every second, which is half the timeout.
    const calls = [slow(8.5, {}), slow(4, { callMonitorTimeout: 2 }), slow(4, { callMonitorTimeout: null })];
    expect(await Promise.all(calls)).toEqual([8.5, 4, 4]);
  });

  test('waits for a server that gets no processor, and causes no error in its log', async () => {
    await ends.servePython();
    const logger = new RecordingLogger();
    const client = ends.client({ transport: ends.transport({ logger }), timeout: 100 });
    ends.python.pause();
    onTestFinished(() => ends.python.resume());
    const call = (options: { server?: string }) =>
      client
        .prepare({ ...options, callMonitorTimeout: 1 })
        .call(CTXT, 'slow', { seconds: 1, result: 'at last' });
    const answers = Promise.all([call({}), call({ server: 'py' })]);
    const waiting = vi.waitFor(() => {
      const waits = logger.lines.filter(({ message }) => message === 'silent servers are waited for');
      expect(new Set(waits.map(({ data }) => data.queue)).size).toBe(2);
      expect(waits.length).toBeGreaterThan(3);
    });
    await Promise.race([answers, waiting]);
    ends.python.resume();
    expect(await answers).toEqual(['at last', 'at last']);
    expect(ends.python.log).not.toContain('Exception during');
  });

  test('times out at our end, and its late answer does no harm', async () => {
    await ends.servePython();
    const client = ends.client();
    const notes = async () => (await ends.python.notes(ends.target)) as unknown[];
    const slow = (timeout: number) =>
      client
        .prepare({ timeout })
        .call(CTXT, 'slow', { seconds: timeout + 4, begun: 'begun', result: 'late' });
    await callUntilBegun(slow, async () => (await notes()).includes('begun'));
    await vi.waitFor(async () => expect(await notes()).toContain('late'));
    expect(await client.call(CTXT, 'evaluate', { expression: '"in time"' })).toBe('in time');
  });
});

describe('a slow call to our server', () => {
  const endpoint = (run: () => Promise<unknown>) => ({ slow: run, quick: () => 'in time' });

  test('is kept alive by our signs of life', async () => {
    await ends.serve(endpoint(() => sleep(9000, 'done')));
    const call = ends.python.call({ ...SLOW, target: ends.target, timeout: 60, call_monitor_timeout: 8 });
    expect(await call).toBe('done');
  });

  test('is kept alive while it waits for its turn', async () => {
    await ends.serve(
      endpoint(() => sleep(4500, 'done')),
      { prefetch: 1 },
    );
    const call = () =>
      ends.python.call({ ...SLOW, target: ends.target, timeout: 60, call_monitor_timeout: 8 });
    expect(await Promise.all([call(), call()])).toEqual(['done', 'done']);
  });

  test('times out in Python, and our late answer does no harm', async () => {
    const gate = new Gate();
    await ends.serve(endpoint(() => gate.opened));
    const call = (method: string, timeout = 60) => ends.python.call({ target: ends.target, method, timeout });
    await expect(call('slow', 3)).rejects.toMatchObject({ type: 'MessagingTimeout' });
    gate.open();
    expect(await call('quick')).toBe('in time');
  });
});

describe('a call that is given up', () => {
  test('by us ends at once, and the Python server goes on and serves the next', async () => {
    await ends.servePython();
    const controller = new AbortController();
    const client = ends.client();
    const context = client.prepare({ signal: controller.signal });
    const slow = context.call(CTXT, 'slow', { seconds: 4, result: 'ran on' });
    slow.catch(() => undefined);
    // On the same connection: the slow call has come before it.
    await client.call(CTXT, 'note', { value: 'it runs' });
    controller.abort();
    await expect(slow).rejects.toMatchObject({ code: 'CALL_CANCELLED' });
    await vi.waitFor(async () => expect(await ends.python.notes(ends.target)).toEqual(['it runs', 'ran on']));
    expect(await ends.client().call(CTXT, 'evaluate', { expression: '1' })).toBe(1);
  });

  test("by Python's timeout is given up by our method, too", async () => {
    const reasons: unknown[] = [];
    const started = new Gate();
    const slow = async (_ctxt: object, _args: object, { signal }: RpcRequest) => {
      started.open();
      await once(signal, 'abort');
      reasons.push(signal.reason);
      // Otherwise a result could reach the caller just before its timeout.
      throw signal.reason;
    };
    await ends.serve({ slow });
    const call = (timeout: number) => ends.python.call({ ...SLOW, target: ends.target, timeout });
    const timedOut = expect.objectContaining({ type: 'MessagingTimeout' });
    await callUntilBegun(call, () => started.isOpen, timedOut);
    await vi.waitFor(() => expect(reasons).toMatchObject([{ code: 'MESSAGING_TIMEOUT' }]));
  });
});

describe('a call that nobody serves', () => {
  test('of ours is undeliverable at once', async () => {
    await ends.servePython();
    const call = ends.client().prepare({ server: 'absent' }).call(CTXT, 'echo', { value: 1 });
    await expect(call).rejects.toMatchObject({ code: 'MESSAGE_UNDELIVERABLE' });
  });

  test('of ours waits until its timeout if told to, as in Python', async () => {
    await ends.servePython();
    const context = ends.client().prepare({ server: 'absent', timeout: 1, failUndeliverable: false });
    await expect(context.call(CTXT, 'echo', { value: 1 })).rejects.toMatchObject({
      code: 'MESSAGING_TIMEOUT',
    });
  });

  test.each([
    [false, 'MessagingTimeout', 1],
    [true, 'MessageUndeliverable', 60],
  ])("of Python's, with at_least_once %s, is a %s", async (at_least_once, type, timeout) => {
    await ends.serve({});
    const target = { ...ends.target, server: 'absent' };
    const call = ends.python.call({ target, method: 'echo', timeout, at_least_once });
    await expect(call).rejects.toMatchObject({ type });
  });

  test("of Python's, with at_least_once, is answered where somebody serves", async () => {
    await ends.serve({ quick: () => 'in time' });
    const call = ends.python.call({ target: ends.target, method: 'quick', at_least_once: true });
    expect(await call).toBe('in time');
  });

  test("of Python's is not run by our server that starts too late", async () => {
    const run = vi.fn((_ctxt: object, { n }: { n: number }) => n);
    const server = await ends.serve({ run });
    await server.stop();
    const call = (n: number, timeout = 60) =>
      ends.python.call({ target: ends.target, method: 'run', args: { n }, timeout });
    await expect(call(1, 1)).rejects.toMatchObject({ type: 'MessagingTimeout' });
    await ends.requestsExpired();
    await server.start();
    expect(await call(2)).toBe(2);
    expect(run.mock.calls.map(([, { n }]) => n)).toEqual([2]);
  });
});
