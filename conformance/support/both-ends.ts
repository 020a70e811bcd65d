import { getRabbit, uniqueTopic } from '@mini-nova/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import type {
  RabbitOptions,
  RPCClient,
  RPCClientOptions,
  RPCServer,
  RPCServerOptions,
  TargetOptions,
  Transport,
  TransportOptions,
} from '../../packages/messaging/index.ts';
import { RpcFixture } from '../../packages/messaging/test/rpc-fixture.ts';
import { RawPeer } from '../../test/integration/support/raw-peer.ts';
import { OsloPeer, type OsloTarget, type Serving } from './oslo-peer.ts';

interface Options {
  /** Options of the Python end's RabbitMQ driver. */
  python?: Record<string, string>;
  /** The same for our end. */
  ours?: RabbitOptions;
  /** Another pair of ends, whose Python process is used too. */
  beside?: BothEnds;
}

/**
 * The Python peer of a test file, and for each of its tests our end on an exchange and a topic of the test's own.
 */
export class BothEnds {
  readonly #options: Options;
  #python: OsloPeer | undefined;
  #rpc: RpcFixture | undefined;
  #target: OsloTarget & { version: string } = { exchange: '', topic: '', version: '' };

  private constructor(options: Options) {
    this.#options = options;
  }

  /** For the tests of the describe block, or of the file, in which it is called. */
  static use(options: Options = {}): BothEnds {
    const ends = new BothEnds(options);
    beforeAll(() => ends.#startPython());
    if (options.beside === undefined) afterAll(() => ends.#python?.close());
    beforeEach(() => ends.#begin());
    afterEach(() => ends.#rpc?.close());
    return ends;
  }

  get python(): OsloPeer {
    if (this.#python === undefined) throw new Error('The Python peer is not started');
    return this.#python;
  }

  /** The test's exchange and topic, at version 1.0. */
  get target(): OsloTarget & { version: string } {
    return this.#target;
  }

  /** A server in Python, called `py` unless told otherwise. */
  async servePython({ server = 'py', ...serving }: Serving & { server?: string } = {}): Promise<void> {
    // The last queue that it consumes, except that of fanouts.
    await this.untilConsumed(`${this.#target.topic}.${server}`, () =>
      this.python.serve({ ...this.#target, server }, serving),
    );
  }

  /**
   * Starts what adds a consumer to the queue, and waits for the consumer: Python's servers and listeners start before
   * they consume.
   */
  async untilConsumed(queue: string, start: () => Promise<void>): Promise<void> {
    const consumers = () =>
      this.atBroker(({ channel }) =>
        channel.checkQueue(queue).then(
          ({ consumerCount }) => consumerCount,
          // The queue does not exist yet.
          () => 0,
        ),
      );
    const before = await consumers();
    await start();
    await vi.waitFor(async () => expect(await consumers()).toBeGreaterThan(before));
  }

  /** A server of ours, called `ts` unless told otherwise. */
  async serve(
    endpoints: object | readonly object[],
    options: RPCServerOptions & { topic?: string; server?: string; transport?: Transport } = {},
  ): Promise<RPCServer> {
    return this.#fixture.serve(endpoints, { server: 'ts', transport: this.transport(), ...options });
  }

  client({
    target,
    ...options
  }: RPCClientOptions & { target?: TargetOptions; transport?: Transport } = {}): RPCClient {
    return this.#fixture.client({
      transport: this.transport(),
      target: { ...this.#target, ...target },
      ...options,
    });
  }

  /** A transport of ours whose control exchange is the test's. */
  transport(options: Partial<TransportOptions> = {}): Transport {
    return this.#fixture.transport({
      controlExchange: this.#target.exchange,
      rabbit: this.#options.ours,
      ...options,
    });
  }

  /** Acts directly on the broker. */
  async atBroker<T>(use: (raw: RawPeer) => Promise<T>): Promise<T> {
    const { url } = await getRabbit();
    const raw = await RawPeer.connect(url);
    try {
      return await use(raw);
    } finally {
      await raw.close();
    }
  }

  /** Resolves once the broker has dropped the requests to the topic that have expired. */
  async requestsExpired(): Promise<void> {
    await this.atBroker(({ channel }) =>
      vi.waitFor(async () => {
        expect(await channel.checkQueue(this.#target.topic)).toMatchObject({ messageCount: 0 });
      }),
    );
  }

  get #fixture(): RpcFixture {
    if (this.#rpc === undefined) throw new Error('There is no test to have a transport');
    return this.#rpc;
  }

  async #startPython(): Promise<void> {
    const { python = {}, beside } = this.#options;
    const { url } = await getRabbit();
    this.#python = beside?.python.beside(python) ?? (await OsloPeer.start(url, python));
  }

  async #begin(): Promise<void> {
    const { url } = await getRabbit();
    this.#rpc = new RpcFixture(url);
    this.#target = { exchange: uniqueTopic('exchange'), topic: this.#rpc.topic, version: '1.0' };
  }
}
