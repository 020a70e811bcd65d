import { type PrivateRabbit, startRabbit } from '@mini-nova/testing';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import {
  type RabbitOptions,
  type RPCClient,
  type RPCServer,
  silentLogger,
  type Transport,
  type TransportOptions,
} from '../../../index.ts';
import { RpcFixture } from '../../rpc-fixture.ts';
import { Aftermath } from './aftermath.ts';
import { ExpiringQueues } from './expiring-queues.ts';
import { Ledger } from './ledger.ts';
import { PeerProcess, type PeerSpec } from './peer-process.ts';

/** Short waits between connection attempts, so that tests measure the driver and not the pause. */
const QUICK: RabbitOptions = { rabbitRetryInterval: 0.3, rabbitRetryBackoff: 0 };

/** One test's ends on a broker that is about to fail, and the account of what they sent. */
export class FaultBench {
  readonly broker: PrivateRabbit;
  readonly rpc: RpcFixture;
  readonly ledger = new Ledger();
  readonly aftermath = new Aftermath();
  /** Of this test's transports, here and in other processes. */
  readonly expiring = new ExpiringQueues();
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #url: string;

  /** `url`: where clients and servers connect, when that is not straight to the broker. */
  constructor(broker: PrivateRabbit, url = broker.url) {
    this.broker = broker;
    this.#url = url;
    this.rpc = new RpcFixture(url);
  }

  get topic(): string {
    return this.rpc.topic;
  }

  /** Runs when the test has ended, before its ends are looked for at the broker. */
  onClose(closer: () => Promise<void>): void {
    this.#closers.unshift(closer);
  }

  transport(options: Partial<TransportOptions> = {}): Transport {
    const logger = this.expiring.watch(options.logger ?? silentLogger);
    return this.rpc.transport({ ...options, logger, rabbit: { ...QUICK, ...options.rabbit } });
  }

  serve(endpoint: object, server = 'host1', options: Partial<TransportOptions> = {}): Promise<RPCServer> {
    return this.rpc.serve(endpoint, { server, transport: this.transport(options) });
  }

  client(options: Partial<TransportOptions> = {}): RPCClient {
    return this.rpc.client({ transport: this.transport(options) });
  }

  /** A client or server in a process of its own, on this test's topic. Ready when this resolves. */
  async spawn(spec: Omit<PeerSpec, 'url' | 'topic'>): Promise<PeerProcess> {
    const peer = await PeerProcess.start({ url: this.#url, topic: this.topic, ...spec });
    this.onClose(async () => {
      await peer.stop();
      for (const line of peer.log) this.expiring.note(line, line.message);
    });
    return peer;
  }

  /**
   * Checks the promises, closes everything, and checks what is left. Each check is made even when another has failed:
   * the next test must not find what this one left.
   */
  async finish(): Promise<void> {
    const failures: unknown[] = [];
    const check = async (run: () => Promise<void>): Promise<void> => {
      await run().catch((error: unknown) => failures.push(error));
    };
    await check(() => this.aftermath.checkPromises(this.ledger));
    for (const close of [...this.#closers, () => this.rpc.close()]) await check(close);
    await check(() => this.aftermath.checkProcess());
    await check(() => this.aftermath.checkBroker(this.broker, this.expiring.names));
    if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures);
  }
}

/**
 * A broker for the tests of one file, and a bench for each test, whose aftermath is checked. Returns how to get the
 * current test's bench.
 */
export function faultBench(): () => FaultBench {
  let broker: PrivateRabbit | undefined;
  let bench: FaultBench | undefined;
  beforeAll(async () => {
    broker = await startRabbit();
  });
  afterAll(() => broker?.close());
  beforeEach(() => {
    if (broker !== undefined) bench = new FaultBench(broker);
  });
  afterEach(() => bench?.finish());
  return () => {
    if (bench === undefined) throw new Error('no test is running');
    return bench;
  };
}
