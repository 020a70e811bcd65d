import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { getRpcClient, getRpcServer, getTransport, Target } from '../../index.ts';
import { notificationTest } from '../../test/notification-fixture.ts';
import { CTXT } from '../../test/rpc-fixture.ts';

const newBus = () => `memory://${randomUUID()}/`;

/** Longer than the part of a turn of the event loop that deliveries may take. */
function work(): void {
  const end = performance.now() + 8;
  while (performance.now() < end);
}

/** What was done in each turn of the event loop, until everything is done. */
async function stepsUntil(total: number, done: () => number): Promise<number[]> {
  const steps: number[] = [];
  for (let before = 0; before < total; before = done()) {
    const atBegin = done();
    await new Promise((resolve) => setImmediate(resolve));
    steps.push(done() - atBegin);
  }
  return steps;
}

test.each(['casts', 'calls'])('others get their turn between %s, however many wait', async (kind) => {
  const transport = getTransport({ url: newBus() });
  onTestFinished(() => transport.close());
  let done = 0;
  const endpoint = {
    work: async () => {
      await undefined;
      work();
      done += 1;
    },
  };
  const server = getRpcServer(transport, new Target({ topic: 'lively', server: 'h' }), [endpoint]);
  await server.start();
  const client = getRpcClient(transport, new Target({ topic: 'lively' }));
  const sent = Array.from({ length: 30 }, () =>
    kind === 'casts' ? client.cast(CTXT, 'work', {}) : client.call(CTXT, 'work', {}),
  );
  const steps = await stepsUntil(30, () => done);
  await Promise.all(sent);
  expect(Math.max(...steps)).toBeLessThanOrEqual(8);
});

notificationTest('others get their turn between notifications', newBus, async (fixture) => {
  let done = 0;
  const notifier = fixture.notifier();
  for (let n = 0; n < 30; n += 1) await notifier.info(CTXT, 'e', n);
  const info = () => {
    work();
    done += 1;
  };
  await fixture.listen({ info });
  expect(Math.max(...(await stepsUntil(30, () => done)))).toBeLessThanOrEqual(8);
});
