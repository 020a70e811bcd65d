import { expect } from 'vitest';
import { CTXT } from '../../packages/messaging/test/rpc-fixture.ts';
import { rabbitTest } from './support/rabbit-test.ts';

const CALLS = 60;

/** Longer than the part of a turn of the event loop that requests may take. */
function work(): void {
  const end = performance.now() + 8;
  while (performance.now() < end);
}

rabbitTest('others get their turn between requests that arrive together', async ({ rpc }) => {
  let done = 0;
  await rpc.serve({
    work: async () => {
      await undefined;
      work();
      done += 1;
    },
  });
  const client = rpc.client();
  const calls = Array.from({ length: CALLS }, () => client.call(CTXT, 'work', {}));
  const steps: number[] = [];
  while (done < CALLS) {
    const before = done;
    await new Promise((resolve) => setImmediate(resolve));
    steps.push(done - before);
  }
  await Promise.all(calls);
  expect(Math.max(...steps)).toBeLessThanOrEqual(8);
});
