import { randomBytes } from 'node:crypto';
import { connect } from 'amqplib';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Deployment, printOutputOnFailure } from './support/deployment.ts';

const NOISE_BYTES = 5 * 1024 * 1024;
const LONGEST_LOG_LINE = 4096;

let cloud: Deployment;

beforeAll(async () => {
  cloud = await Deployment.start();
});
afterAll(() => cloud?.close());
printOutputOnFailure(() => cloud);

function envelope(version: string, message: unknown): Buffer {
  return Buffer.from(JSON.stringify({ 'oslo.version': version, 'oslo.message': JSON.stringify(message) }));
}

const GARBAGE: Record<string, Buffer> = {
  'not JSON': Buffer.from('{"oslo.version": "2.0", "oslo.mess'),
  'an envelope of another version': envelope('3.0', { method: 'ping', args: {} }),
  'no method': envelope('2.0', { args: {}, _unique_id: 'ab'.repeat(16) }),
  '5 MB of noise': randomBytes(NOISE_BYTES),
};

/** Lines of level warn and above, which an operator sees. */
function complaints(): Record<string, unknown>[] {
  return cloud.logLines().filter(({ level }) => level === 'warn' || level === 'error' || level === 'fatal');
}

async function publishToEach(queues: string[], body: Buffer): Promise<void> {
  const connection = await connect(cloud.rabbit.url.replace(/^rabbit:/, 'amqp:'));
  const channel = await connection.createConfirmChannel();
  for (const queue of queues) channel.sendToQueue(queue, body, { contentType: 'application/json' });
  await channel.waitForConfirms();
  await connection.close();
}

async function waitingMessages(): Promise<Record<string, number>> {
  const queues = await cloud.rabbit.listQueues();
  return Object.fromEntries(
    queues.filter(({ messages }) => messages > 0).map((queue) => [queue.name, queue.messages]),
  );
}

test.each(Object.keys(GARBAGE))(
  '%s: on every queue it is logged once and dropped, and the next boot works',
  async (kind) => {
    const name = `before ${kind}`.replaceAll(' ', '-');
    await cloud.boot(name); // every daemon has its reply queue
    const queues = (await cloud.rabbit.listQueues()).map((queue) => queue.name);
    for (const pattern of [
      /^compute$/,
      /^compute\.host-a$/,
      /^scheduler_fanout_/,
      /^conductor$/,
      /^reply_/,
    ]) {
      expect(queues).toContainEqual(expect.stringMatching(pattern));
    }
    const before = complaints().length;

    await publishToEach(queues, GARBAGE[kind] ?? Buffer.alloc(0));

    await expect.poll(waitingMessages, { interval: 500 }).toEqual({});
    expect(await cloud.boot(`after ${kind}`.replaceAll(' ', '-'))).toMatchObject({ status: 'ACTIVE' });
    // A daemon's output is read with a delay.
    const lines = await vi.waitFor(() => {
      const said = complaints().slice(before);
      expect(said, JSON.stringify(said, null, 1)).toHaveLength(queues.length);
      return said;
    });
    for (const line of lines) expect(JSON.stringify(line).length).toBeLessThan(LONGEST_LOG_LINE);
  },
);
