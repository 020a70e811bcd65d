import { getRabbit } from '@mini-nova/testing';
import { describe, expect, test, vi } from 'vitest';
import { Target } from '../packages/messaging/index.ts';
import {
  getNotificationListener,
  type NotificationEndpoint,
  NotificationFilter,
  type NotificationListenerOptions,
  NotificationResult,
  Notifier,
} from '../packages/messaging/notify/index.ts';
import { RawPeer } from '../test/integration/support/raw-peer.ts';
import { BothEnds } from './support/both-ends.ts';
import { CTXT, PAYLOAD, PRIORITIES, recorder, SEEN, type Seen, shape } from './support/notifications.ts';
import type { NotificationListening, Notifying } from './support/oslo-peer.ts';

const ends = BothEnds.use();

const FORMATS = [['messaging'], ['messagingv2']] as const;

/** Milliseconds: a notification is held for a while before it is requeued. */
const REQUEUED = 15_000;

/** A listener of ours on the test's topic, started; it ends with its transport. */
async function listen(
  endpoints: readonly NotificationEndpoint[],
  options: NotificationListenerOptions = {},
): Promise<void> {
  const target = new Target({ topic: ends.target.topic });
  await getNotificationListener(ends.transport(), [target], endpoints, options).start();
}

function notifier(driver: 'messaging' | 'messagingv2' = 'messagingv2'): Notifier {
  const topics = [ends.target.topic];
  return new Notifier(ends.transport(), { publisherId: 'ts.host', drivers: [driver], topics });
}

async function pythonNotifies(notifying: Partial<Notifying> = {}): Promise<void> {
  const { exchange, topic } = ends.target;
  const rest = {
    event_type: 'thing.created',
    payload: PAYLOAD,
    ctxt: { ...CTXT, secret: 'x' },
    ...notifying,
  };
  await ends.python.notify({ exchange, topics: [topic], driver: 'messagingv2', priority: 'info', ...rest });
}

/** Python listens on the test's topic; returns what it has been told so far. */
async function pythonListens(
  options: Pick<NotificationListening, 'pool' | 'requeue' | 'filter_rule'> = {},
): Promise<() => ReturnType<typeof ends.python.notified>> {
  const { exchange, topic } = ends.target;
  const name = `${topic}/${JSON.stringify(options)}`;
  const listening = { exchange, topics: [topic], priorities: [...PRIORITIES], ...options };
  await ends.untilConsumed(options.pool ?? `${topic}.info`, () => ends.python.listen(name, listening));
  return () => ends.python.notified(name);
}

describe.each(FORMATS)('notifications in the format of the driver %s', (driver) => {
  test('ours reach Python, with each priority, their context and payload', async () => {
    const notified = await pythonListens();
    for (const priority of PRIORITIES) {
      expect(await notifier(driver)[priority]({ ...CTXT, secret: 'x' }, 'thing.created', PAYLOAD)).toBe(true);
    }
    await vi.waitFor(async () => expect(await notified()).toHaveLength(PRIORITIES.length));
    const seen = await notified();
    expect(new Set(seen.map(({ priority }) => priority))).toEqual(new Set(PRIORITIES));
    for (const each of seen) {
      expect(each).toMatchObject({ ...SEEN, publisher_id: 'ts.host' });
      expect(each.ctxt).not.toHaveProperty('secret');
    }
  });

  test('ours have the properties and the fields that Python gives them', async () => {
    const { url } = await getRabbit();
    const raw = await RawPeer.connect(url);
    const { exchange, topic } = ends.target;
    const queue = `${topic}.info`;
    const copies = await raw.receive(queue, exchange);
    await notifier(driver).info(CTXT, 'thing.created', PAYLOAD);
    await pythonNotifies({ driver });
    await vi.waitFor(() => expect(copies).toHaveLength(2));
    await raw.close();
    const [ours, python] = copies.map(shape);
    expect(ours).toEqual(python);
  });

  test("Python's reach us, with each priority, their context and payload", async () => {
    const seen: Seen[] = [];
    await listen([recorder(seen)]);
    for (const priority of PRIORITIES) await pythonNotifies({ driver, priority });
    await vi.waitFor(() => expect(seen).toHaveLength(PRIORITIES.length));
    expect(new Set(seen.map(({ priority }) => priority))).toEqual(new Set(PRIORITIES));
    for (const each of seen) {
      expect(each).toMatchObject({ ...SEEN, publisher_id: 'py.host' });
      expect(each.ctxt).not.toHaveProperty('secret');
    }
  });
});

describe('a notification that comes before its listener', () => {
  test('of ours waits for Python', async () => {
    await notifier().info(CTXT, 'thing.created', PAYLOAD);
    const notified = await pythonListens();
    await vi.waitFor(async () => expect(await notified()).toMatchObject([SEEN]));
  });

  test("of Python's waits for us", async () => {
    await pythonNotifies();
    const seen: Seen[] = [];
    await listen([recorder(seen)]);
    await vi.waitFor(() => expect(seen).toMatchObject([SEEN]));
  });
});

describe('a notification that is requeued', () => {
  test('by Python comes to it again', async () => {
    const notified = await pythonListens({ requeue: 2 });
    await notifier().info(CTXT, 'thing.created', PAYLOAD);
    await vi.waitFor(async () => expect(await notified()).toMatchObject([SEEN, SEEN, SEEN]));
  });

  test('by us comes to us again', async () => {
    const seen: Seen[] = [];
    const result = () => (seen.length < 3 ? NotificationResult.REQUEUE : NotificationResult.HANDLED);
    await listen([recorder(seen, result)], { allowRequeue: true });
    await pythonNotifies();
    await vi.waitFor(() => expect(seen).toMatchObject([SEEN, SEEN, SEEN]), REQUEUED);
  });

  test('by us, always, can be handled by Python', async () => {
    const seen: Seen[] = [];
    await listen([recorder(seen, () => NotificationResult.REQUEUE)], { allowRequeue: true });
    await pythonNotifies();
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(0));
    const notified = await pythonListens();
    await vi.waitFor(async () => expect(await notified()).toMatchObject([SEEN]), REQUEUED);
  });
});

describe('listeners of several pools', () => {
  test('in both languages each get a copy, and those of one pool share it', async () => {
    const [ours, shared]: Seen[][] = [[], []];
    await listen([recorder(ours ?? [])], { pool: `${ends.target.topic}-ours` });
    const pool = `${ends.target.topic}-shared`;
    await listen([recorder(shared ?? [])], { pool });
    const sharedByPython = await pythonListens({ pool });
    const theirs = await pythonListens({ pool: `${ends.target.topic}-theirs` });
    for (let i = 0; i < 5; i += 1) {
      await notifier().info(CTXT, 'of.ours', { i });
      await pythonNotifies({ event_type: 'of.theirs', payload: { i } });
    }
    await vi.waitFor(async () => {
      expect(ours).toHaveLength(10);
      expect(await theirs()).toHaveLength(10);
      expect((shared?.length ?? 0) + (await sharedByPython()).length).toBe(10);
    });
  });

  test('without a pool, one in Python and one of ours share the notifications', async () => {
    const seen: Seen[] = [];
    await listen([recorder(seen)]);
    const notified = await pythonListens();
    for (let i = 0; i < 10; i += 1) await notifier().info(CTXT, 'thing.created', { i });
    await vi.waitFor(async () => expect(seen.length + (await notified()).length).toBe(10));
    expect(seen).not.toHaveLength(0);
    expect(seen).not.toHaveLength(10);
  });
});

describe('a filter rule chooses the same notifications', () => {
  const events: [string, object][] = [
    ['compute.create.end', { state: 'active' }],
    ['compute.create.end', { state: 'error' }],
    ['network.create.end', { state: 'active' }],
    ['before.compute.create.end', { state: 'active' }],
  ];
  const chosen = [{ event_type: 'compute.create.end', payload: { state: 'active' } }];

  test('in Python, of ours', async () => {
    const filter_rule = { event_type: 'compute', payload: { state: 'act' }, publisher_id: 'ts\\.' };
    const notified = await pythonListens({ filter_rule });
    const all = await pythonListens({ pool: `${ends.target.topic}-all` });
    for (const [event, payload] of events) await notifier().info(CTXT, event, payload);
    await vi.waitFor(async () => expect(await all()).toHaveLength(events.length));
    await vi.waitFor(async () => expect(await notified()).toMatchObject(chosen));
  });

  test("with us, of Python's notifications", async () => {
    const [all, filtered]: [Seen[], Seen[]] = [[], []];
    const rule = { eventType: 'compute', payload: { state: 'act' }, publisherId: 'py\\.' };
    await listen([recorder(all), { ...recorder(filtered), filterRule: new NotificationFilter(rule) }]);
    for (const [event_type, payload] of events) await pythonNotifies({ event_type, payload });
    await vi.waitFor(() => expect(all).toHaveLength(events.length));
    expect(filtered).toMatchObject(chosen);
  });
});

test('a notification of 1 MB with all sorts of characters reaches the other end in both formats', async () => {
  const payload = { text: '🚀"\\\ud83d'.repeat(125_000) };
  const seen: Seen[] = [];
  await listen([recorder(seen)], { pool: `${ends.target.topic}-ours` });
  const notified = await pythonListens();
  for (const [driver] of FORMATS) {
    await notifier(driver).info(CTXT, 'of.ours', payload);
    await pythonNotifies({ driver, payload });
  }
  await vi.waitFor(() => expect(seen).toHaveLength(4));
  await vi.waitFor(async () => expect(await notified()).toHaveLength(4));
  for (const each of [...seen, ...(await notified())]) expect(each.payload).toEqual(payload);
});
