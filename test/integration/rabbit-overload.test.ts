import { readFileSync } from 'node:fs';
import type { RabbitOptions } from '@mini-nova/messaging';
import { Child, getRabbit, repositoryRoot, uniqueTopic } from '@mini-nova/testing';
import { expect, test, vi } from 'vitest';
import { CTXT, RpcFixture } from '../../packages/messaging/test/rpc-fixture.ts';

const MB = 1024 * 1024;
const TEXT = 'x'.repeat(100_000);
const CASTS = 1_500;

/** Resident bytes of a process. */
function memoryOf(pid: number): number {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

const KINDS: [string, RabbitOptions][] = [
  ['classic', { amqpDurableQueues: true }],
  ['quorum', { rabbitQuorumQueue: true }],
];

test.each(KINDS)('a server that is overloaded stays small, and loses nothing (%s)', async (_kind, rabbit) => {
  const { url } = await getRabbit();
  const rpc = new RpcFixture(url);
  const controlExchange = uniqueTopic('overload');
  const transport = rpc.transport({ rabbit, controlExchange });
  // Its whole load is there when it starts: more than ten times what it can take in the meantime.
  await (await rpc.serve({ slow: () => {} }, { transport })).stop();
  const client = rpc.client({ transport });
  for (let sent = 0; sent < CASTS; sent += 50) {
    await Promise.all(Array.from({ length: 50 }, () => client.cast(CTXT, 'slow', { text: TEXT })));
  }
  // About 80 requests at once, of 0.3 s each.
  const limits = { intakeBytes: 8 * MB };
  const options = { url, topic: rpc.topic, server: 'host1', rabbit, controlExchange, limits, work: 300 };
  const script = `${repositoryRoot}/test/integration/support/worker.mjs`;
  // It holds about 20 MB. With a heap of 64 MB, garbage does not hide what is kept.
  const child = await Child.start('node', ['--max-old-space-size=64', script, JSON.stringify(options)]);
  await child.waitForLine(/^serving/);
  let most = 0;
  const watch = setInterval(() => {
    if (child.running) most = Math.max(most, memoryOf(child.pid));
  }, 50);
  try {
    const taken = () => child.stdout.match(/^took 100000$/gm)?.length ?? 0;
    await vi.waitFor(
      () => {
        child.assertRunning();
        expect(taken()).toBe(CASTS);
      },
      { interval: 200 },
    );
    // For a process that needs 70 MB by itself. All bodies would take 150 MB, and as much again once decoded.
    expect(most / MB).toBeLessThan(220);
  } finally {
    clearInterval(watch);
    await child.stop('SIGKILL');
    await rpc.close();
  }
});
