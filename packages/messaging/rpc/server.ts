import type { IncomingMessage, Listener } from '../drivers/driver.ts';
import { InvalidTarget } from '../errors.ts';
import { serializeFailure } from '../failure.ts';
import type { JsonValue } from '../json.ts';
import { isExpectedError } from '../remote-errors.ts';
import type { RpcContext } from '../serializer.ts';
import type { Target } from '../target.ts';
import type { Transport } from '../transport.ts';
import { within } from '../within.ts';
import { startHeartbeats } from './call-monitor.ts';
import { type DispatcherOptions, MalformedRequest, RPCDispatcher } from './dispatcher.ts';
import { InFlight } from './in-flight.ts';

export type RPCServerOptions = DispatcherOptions;

/** How long (ms) `wait` lets replies be sent once all requests have run: the broker may be away. */
const REPLY_GRACE = 2_000;

/** One `start`, until its `stop`. */
interface Listening {
  listener: Promise<Listener>;
  /** Gives up a start that still waits for the broker. */
  starting: AbortController;
}

/**
 * Serves endpoints on a target's topic: requests to the topic, shared with its other servers, those to
 * `topic.server`, and those to all servers (fanout).
 *
 * Requests run concurrently. `start`, `stop` and `wait` are idempotent; a stopped server can be started again.
 */
export class RPCServer {
  readonly target: Target;
  readonly #transport: Transport;
  readonly #dispatcher: RPCDispatcher;
  #listening: Listening | undefined;
  #stopping: Promise<void> = Promise.resolve();
  readonly #running = new InFlight();
  /** From their arrival until their replies are sent. */
  readonly #unanswered = new InFlight();

  /** @throws InvalidTarget when the target lacks topic or server */
  constructor(transport: Transport, target: Target, dispatcher: RPCDispatcher) {
    if (target.topic === undefined || target.server === undefined) {
      throw new InvalidTarget("A server's target needs topic and server", target);
    }
    this.target = target;
    this.#transport = transport;
    this.#dispatcher = dispatcher;
  }

  /** Resolves once requests are delivered. A start that failed can be tried again. */
  async start(): Promise<void> {
    if (this.#listening === undefined) {
      const starting = new AbortController();
      const listening = { listener: this.#listen(starting.signal), starting };
      this.#listening = listening;
      listening.listener.catch(() => {
        if (this.#listening === listening) this.#listening = undefined;
      });
    }
    await this.#listening.listener;
  }

  /**
   * Takes no new requests; those that came go on. Resolves once the consumers are cancelled. A start that is still
   * waiting for its broker rejects.
   */
  async stop(): Promise<void> {
    const listening = this.#listening;
    if (listening !== undefined) {
      this.#listening = undefined;
      this.#stopping = stopListening(listening);
    }
    await this.#stopping;
  }

  /**
   * After `stop`: resolves once all requests have run and their replies are sent. Replies that cannot be sent soon
   * are left to the transport, which reports them when it is closed.
   */
  async wait(): Promise<void> {
    await this.#stopping;
    await this.#running.idle();
    await within(REPLY_GRACE, this.#unanswered.idle());
  }

  async #listen(signal: AbortSignal): Promise<Listener> {
    await this.#stopping;
    return this.#transport.driver.listen(this.target, (incoming) => this.#accept(incoming), signal);
  }

  #accept(incoming: IncomingMessage): void {
    const answered = this.#process(incoming).catch((error: unknown) => {
      this.#transport.logger.error({ err: error, ...describe(incoming) }, 'Could not answer an RPC request');
    });
    void this.#unanswered.track(answered);
  }

  async #process(incoming: IncomingMessage): Promise<void> {
    const outcome = await this.#running.track(this.#run(incoming));
    this.#notifyObservers(incoming, outcome);
    if (!incoming.expectsReply) return;
    const failure = outcome.failed ? serializeFailure(outcome.error) : null;
    await incoming.reply({ result: outcome.failed ? null : outcome.result, failure });
  }

  async #run(incoming: IncomingMessage): Promise<Outcome> {
    const startedAt = Date.now();
    const start = performance.now();
    let ctxt: RpcContext = incoming.ctxt;
    const stopHeartbeats = startHeartbeats(incoming, this.#transport.logger);
    try {
      ctxt = this.#dispatcher.deserializeContext(incoming.ctxt);
      const result = await this.#dispatcher.dispatch(ctxt, incoming.message);
      return { failed: false, result, ctxt, startedAt, duration: performance.now() - start };
    } catch (error) {
      this.#logFailure(incoming, error);
      return { failed: true, error, ctxt, startedAt, duration: performance.now() - start };
    } finally {
      stopHeartbeats();
    }
  }

  #notifyObservers(incoming: IncomingMessage, outcome: Outcome): void {
    if (this.#transport.observers.length === 0) return;
    if (outcome.failed && outcome.error instanceof MalformedRequest) return;
    const { method, namespace, version } = incoming.message;
    this.#transport.notifyObservers({
      side: 'server',
      kind: incoming.expectsReply ? 'call' : 'cast',
      transportName: this.#transport.name,
      target: this.target.with({ namespace, version }),
      method,
      ctxt: outcome.ctxt,
      startedAt: outcome.startedAt,
      duration: outcome.duration,
      ...(outcome.failed && { error: outcome.error }),
    });
  }

  #logFailure(incoming: IncomingMessage, error: unknown): void {
    const { logger } = this.#transport;
    const request = describe(incoming);
    if (error instanceof MalformedRequest) {
      logger.warn({ ...request, reason: error.message }, 'Dropped a malformed RPC request');
    } else if (!isExpectedError(error)) {
      logger.error({ err: error, ...request }, 'An RPC method failed');
    } else if (incoming.expectsReply) {
      logger.info({ error: String(error), ...request }, 'An RPC method answered with an error');
    } else {
      // Nobody else learns of it.
      logger.warn({ error: String(error), ...request }, 'An RPC method failed, and its caller does not wait');
    }
  }
}

/** What became of a request. */
type Outcome = { ctxt: RpcContext; startedAt: number; duration: number } & (
  | { failed: false; result: JsonValue }
  | { failed: true; error: unknown }
);

/** A listener that never came to be needs no stopping; `start` has told why. */
async function stopListening({ listener, starting }: Listening): Promise<void> {
  starting.abort();
  const listening = await listener.catch(() => undefined);
  await listening?.stop();
}

function describe({ ctxt, message }: IncomingMessage): object {
  const { method, namespace, version } = message;
  const request_id = ctxt?.request_id;
  return { method, namespace, version, ...(typeof request_id === 'string' && { request_id }) };
}

/**
 * A server of endpoints: objects whose methods `name(ctxt, args)` serve the RPC methods with the snake_case form
 * of their names. See `EndpointOptions` for what else an endpoint can have.
 *
 * @throws InvalidTarget when the target lacks topic or server
 * @throws TypeError when an endpoint's `target` is not a Target
 */
export function getRpcServer(
  transport: Transport,
  target: Target,
  endpoints: readonly object[],
  options: RPCServerOptions = {},
): RPCServer {
  return new RPCServer(transport, target, new RPCDispatcher(endpoints, options));
}
