import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, type ChannelModel, type ConfirmChannel, connect, type GetMessage } from 'amqplib';
import { DriverLoadFailure, UnsupportedRpcEnvelopeVersion } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { parseTransportUrl } from '../../transport-url.ts';
import { amqpCode, NOT_FOUND } from './connection/amqp-error.ts';
import { type BrokerAddress, brokerAddresses } from './connection/broker-address.ts';
import { withChannel } from './connection/channel.ts';
import { publishConfirmed, unreachable } from './publish/publication.ts';
import { type RabbitOptions, rabbitSettings } from './rabbit-options.ts';
import {
  DEAD_AT,
  DEAD_ATTEMPTS,
  DEAD_EXCHANGE,
  DEAD_REASON,
  DEAD_ROUTING_KEY,
  REPLAY,
  withoutDeadLetterHeaders,
} from './server/headers.ts';
import { Topology } from './topology/topology.ts';
import { unpackedBody } from './wire/compression.ts';
import { decodeRequest, MalformedMessage, uniqueId, type WireRequest } from './wire/wire-message.ts';

/** A cast that has failed too often. */
export interface QueuedDeadLetter {
  /** The request's own id. One that became a dead letter twice is listed twice. */
  id: string;
  /** Absent when the body cannot be read. */
  method?: string;
  namespace?: string | null;
  version?: string | null;
  ctxt?: JsonObject;
  args?: JsonObject;
  /** The error of the last attempt. */
  reason: string;
  /** ISO 8601. */
  diedAt: string;
  attempts: number;
  /** Where it goes when it is replayed. */
  exchange: string;
  routingKey: string;
  /** Bytes. */
  size: number;
}

/** Whose dead letters. */
export interface DeadLettersOptions {
  /** The transport's URL: rabbit://… */
  url: string;
  topic: string;
  rabbit?: RabbitOptions;
}

/** Which dead letters: by id, or all that were there at the beginning. */
export type Selection = readonly string[] | 'all';

/** What became of a selection. */
export interface Selected {
  /** How many messages were replayed or deleted. */
  count: number;
  /** Ids of which there was none. */
  missing: string[];
}

/** How long (ms) a host may take to answer. */
const CONNECT_TIMEOUT = 10_000;
/** How long (ms) the queue may take to have its messages again, and how often that is looked at. */
const RETURN_TIMEOUT = 1_000;
const RETURN_PAUSE = 20;

/** The dead letters of one topic, to be looked at, replayed and deleted by an operator. */
export class DeadLetters {
  /** The name of their queue. */
  readonly queue: string;
  readonly #model: ChannelModel;

  private constructor(model: ChannelModel, queue: string) {
    this.#model = model;
    this.queue = queue;
  }

  /**
   * Connects to the first host that answers. To be closed.
   *
   * @throws InvalidTransportURL
   * @throws DriverLoadFailure when it is not RabbitMQ's, or an option or TLS file is wrong
   * @throws MessageDeliveryFailure when no host can be reached
   */
  static async open({ url, topic, rabbit }: DeadLettersOptions): Promise<DeadLetters> {
    const parsed = parseTransportUrl(url);
    if (!/^(rabbit|amqp)s?$/.test(parsed.scheme)) {
      throw new DriverLoadFailure(parsed.scheme, 'only RabbitMQ keeps dead letters');
    }
    const settings = rabbitSettings(rabbit, parsed.query);
    const model = await connectToAny(brokerAddresses(parsed, settings));
    // Whatever fails because of it reports it.
    model.on('error', () => {});
    return new DeadLetters(model, new Topology(settings).deadLetterQueue(topic).name);
  }

  /** Up to `limit` of them, in the queue's order, which a quorum queue does not keep when they are looked at. All stay. */
  async list(limit = 100): Promise<QueuedDeadLetter[]> {
    const letters: QueuedDeadLetter[] = [];
    await this.#each(limit, async (message) => {
      letters.push(await describe(message));
      return 'keep';
    });
    return letters;
  }

  /**
   * Publishes them where they came from, as new: they are tried as often as any other. Each is taken from the queue
   * only once the broker has it there; if this is cut short, one may be replayed twice.
   *
   * @throws MessageUndeliverable when no queue takes one; it and those after it stay
   */
  replay(selection: Selection): Promise<Selected> {
    return this.#take(selection, (message, channel) => publishAgain(channel, message));
  }

  delete(selection: Selection): Promise<Selected> {
    return this.#take(selection, async () => {});
  }

  /** Idempotent. */
  async close(): Promise<void> {
    // It may be closed already, by either end.
    await this.#model.close().catch(() => {});
  }

  async #take(
    selection: Selection,
    work: (message: GetMessage, channel: ConfirmChannel) => Promise<void>,
  ): Promise<Selected> {
    const missing = new Set(selection === 'all' ? [] : selection);
    const wanted = new Set(missing);
    let count = 0;
    await this.#each(Number.POSITIVE_INFINITY, async (message, channel) => {
      const { id } = await describe(message);
      if (selection !== 'all' && !wanted.has(id)) return 'keep';
      await work(message, channel);
      missing.delete(id);
      count += 1;
      return 'take';
    });
    return { count, missing: [...missing] };
  }

  /** Shows each that is there at the beginning; what is kept goes back to its place. */
  async #each(
    limit: number,
    visit: (message: GetMessage, channel: ConfirmChannel) => Promise<'keep' | 'take'>,
  ): Promise<void> {
    let staying = 0;
    try {
      await withChannel(this.#model.createConfirmChannel(), async (channel) => {
        const { messageCount } = await channel.checkQueue(this.queue);
        staying = messageCount;
        for (let left = Math.min(messageCount, limit); left > 0; left -= 1) {
          const message = await channel.get(this.queue);
          if (message === false) break;
          if ((await visit(message, channel)) === 'keep') continue;
          channel.ack(message);
          staying -= 1;
        }
        channel.nackAll(true);
        await this.#untilReturned(channel, staying);
      });
    } catch (error) {
      // There have been no dead letters yet.
      if (amqpCode(error) === NOT_FOUND) return;
      // What the channel held goes back with its end. If that cannot be seen, this failure is the one to report.
      const other = withChannel(this.#model.createChannel(), (channel) =>
        this.#untilReturned(channel, staying),
      );
      await other.catch(() => {});
      throw error;
    }
  }

  /** Quorum queues take messages back in their own time; who looks again must find all of them. */
  async #untilReturned(channel: Channel, expected: number): Promise<void> {
    for (let waited = 0; waited < RETURN_TIMEOUT; waited += RETURN_PAUSE) {
      const { messageCount } = await channel.checkQueue(this.queue);
      if (messageCount >= expected) return;
      await sleep(RETURN_PAUSE);
    }
  }
}

async function connectToAny(addresses: readonly BrokerAddress[]): Promise<ChannelModel> {
  let reason: unknown;
  const name = `${basename(process.argv[1] ?? 'node')}:${process.pid}:dead letters`;
  for (const { connect: address, socket } of addresses) {
    const clientProperties = { connection_name: name };
    try {
      return await connect(address, { ...socket, clientProperties, timeout: CONNECT_TIMEOUT });
    } catch (error) {
      reason = error;
    }
  }
  throw unreachable(reason);
}

/** Resolves when the broker has it in a queue. */
async function publishAgain(channel: ConfirmChannel, message: GetMessage): Promise<void> {
  const { userId: _userId, ...properties } = message.properties;
  // By it, servers that have dropped the request do not take this for the same.
  const headers = { ...withoutDeadLetterHeaders(properties.headers), [REPLAY]: uniqueId() };
  const route = await describe(message);
  await publishConfirmed(channel, route, message.content, { ...properties, headers });
}

async function describe(message: GetMessage): Promise<QueuedDeadLetter> {
  const { content, fields } = message;
  const headers = message.properties.headers ?? {};
  const request = await read(message);
  return {
    id: request?.uniqueId ?? createHash('sha256').update(content).digest('hex').slice(0, 32),
    ...request?.message,
    ...(request && { ctxt: request.ctxt }),
    reason: String(headers[DEAD_REASON] ?? ''),
    diedAt: String(headers[DEAD_AT] ?? ''),
    attempts: Number(headers[DEAD_ATTEMPTS] ?? 0),
    exchange: String(headers[DEAD_EXCHANGE] ?? ''),
    routingKey: String(headers[DEAD_ROUTING_KEY] ?? fields.routingKey.replace(/_dead_letters$/, '')),
    size: content.length,
  };
}

/** Undefined when somebody has put something else into the queue. */
async function read({ content, properties }: GetMessage): Promise<WireRequest | undefined> {
  const body = await unpackedBody(content, properties.headers);
  if (body instanceof MalformedMessage) return undefined;
  try {
    return decodeRequest(body);
  } catch (error) {
    if (error instanceof MalformedMessage || error instanceof UnsupportedRpcEnvelopeVersion) return undefined;
    throw error;
  }
}
