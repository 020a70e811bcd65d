import { describe, expect, test, vi } from 'vitest';
import { MessageTooLarge } from '../../index.ts';
import { RecordingLogger } from '../recording-logger.ts';
import { CTXT, RpcFixture } from '../rpc-fixture.ts';
import { faultBench } from './support/fault-bench.ts';

const bench = faultBench();

const LIMIT = 256 * 1024;
const text = (bytes: number): string => 'x'.repeat(bytes);

/** From now on, on channels that are opened. */
async function limitMessages(): Promise<void> {
  await bench().broker.evaluate(`application:set_env(rabbit, max_message_size, ${LIMIT})`);
}

describe('a message above what the broker takes', () => {
  const endpoint = {
    text: (_ctxt: object, { bytes }: { bytes: number }) => text(bytes),
    size: (_ctxt: object, { value }: { value: string }) => value.length,
    async *texts(_ctxt: object, { sizes }: { sizes: number[] }) {
      for (const bytes of sizes) yield text(bytes);
    },
  };
  const tooLarge = { code: 'MESSAGE_TOO_LARGE', limit: LIMIT };

  test('is a reply: its caller is told, and the others get theirs', async () => {
    await limitMessages();
    const logger = new RecordingLogger();
    await bench().serve(endpoint, 'host1', { logger });
    const client = bench().client();
    const calls = [10, LIMIT, 20, LIMIT + 1, 30].map((bytes) => client.call(CTXT, 'text', { bytes }));
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    const [, refused] = outcomes;
    const reason: unknown = refused?.status === 'rejected' ? refused.reason : undefined;
    expect(reason).toBeInstanceOf(MessageTooLarge);
    expect(reason).toMatchObject({ ...tooLarge, message: expect.stringContaining('The reply') });
    expect((reason as MessageTooLarge).size).toBeGreaterThan(LIMIT);
    expect(logger.at('warn').map(({ message }) => message)).toContain('reply not sent');
  });

  test('is one of several results: those before it come, and then the error', async () => {
    await limitMessages();
    await bench().serve(endpoint);
    const results: number[] = [];
    const read = async (): Promise<void> => {
      const call = bench()
        .client()
        .multicall(CTXT, 'texts', { sizes: [10, 20, LIMIT, 30] });
      for await (const result of call) results.push(String(result).length);
    };
    await expect(read()).rejects.toMatchObject(tooLarge);
    expect(results).toEqual([10, 20]);
  });

  test('is a request: its sender is told, and it is not sent again and again', async () => {
    await limitMessages();
    await bench().serve(endpoint);
    const client = bench().client();
    const large = { value: text(LIMIT) };
    await expect(client.call(CTXT, 'size', large)).rejects.toMatchObject(tooLarge);
    await expect(client.cast(CTXT, 'size', large)).rejects.toMatchObject(tooLarge);
    await expect(client.prepare({ fanout: true }).cast(CTXT, 'size', large)).rejects.toMatchObject(tooLarge);
    expect(await client.call(CTXT, 'size', { value: text(100) })).toBe(100);
  });
});

describe('a connection that the broker refuses', () => {
  /** Connecting to the URL is refused, as the log tells, for such a reason. */
  async function expectRefusal(url: string, reason: RegExp): Promise<void> {
    const logger = new RecordingLogger();
    const rpc = new RpcFixture(url);
    const transport = rpc.transport({ logger });
    const reasons = () => logger.at('warn').map(({ data }) => data.reason);
    try {
      transport.ready().catch(() => {});
      // A broker that is busy may first take too long.
      await vi.waitFor(() => expect(reasons()).toContainEqual(expect.stringMatching(reason)));
    } finally {
      await rpc.close();
    }
  }
  const changed = (change: (url: URL) => void): string => {
    const url = new URL(bench().broker.url);
    change(url);
    return url.href;
  };

  test('for its virtual host is logged in the words of the broker', async () => {
    const url = changed((broker) => {
      broker.pathname = '/nowhere';
    });
    await expectRefusal(url, /NOT_ALLOWED - vhost nowhere not found/);
  });

  test('for its password is logged in the words of the broker', async () => {
    const url = changed((broker) => {
      broker.password = 'wrong';
    });
    await expectRefusal(url, /ACCESS_REFUSED - Login was refused using authentication mechanism/);
  });

  test('for its right to the virtual host is logged in the words of the broker', async () => {
    await bench().broker.rabbitmqctl('add_vhost', 'closed');
    const url = changed((broker) => {
      broker.pathname = '/closed';
    });
    await expectRefusal(url, /NOT_ALLOWED - access to vhost 'closed' refused for user/);
  });

  test('for TLS that it does not speak says so', async () => {
    const url = bench().broker.url.replace('rabbit:', 'rabbits:');
    await expectRefusal(url, /^TLS failed: wrong version number$/);
  });
});
