import type { IncomingMessage, Listener } from '../drivers/driver.ts';
import { InvalidTarget } from '../errors.ts';
import { serializeFailure } from '../failure.ts';
import type { JsonValue } from '../json.ts';
import { isExpectedError } from '../remote-errors.ts';
import type { RpcContext } from '../serializer.ts';
import type { Target } from '../target.ts';
import type { Transport } from '../transport.ts';
import { startHeartbeats } from './call-monitor.ts';
import { type DispatcherOptions, MalformedRequest, RPCDispatcher } from './dispatcher.ts';

export type RPCServerOptions = DispatcherOptions;

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
  #listening: Promise<Listener> | undefined;
  #stopping: Promise<void> = Promise.resolve();
  #running = 0;
  #idleWaiters: (() => void)[] = [];

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
      const listening = this.#listen();
      this.#listening = listening;
      listening.catch(() => {
        if (this.#listening === listening) this.#listening = undefined;
      });
    }
    await this.#listening;
  }

  /** Takes no new requests; those that came go on. Resolves once the consumers are cancelled. */
  async stop(): Promise<void> {
    const listening = this.#listening;
    if (listening !== undefined) {
      this.#listening = undefined;
      this.#stopping = stopListening(listening);
    }
    await this.#stopping;
  }

  /** After `stop`: resolves once all requests have run and their replies are sent. */
  async wait(): Promise<void> {
    await this.#stopping;
    while (this.#running > 0) await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  async #listen(): Promise<Listener> {
    await this.#stopping;
    return this.#transport.driver.listen(this.target, (incoming) => this.#accept(incoming));
  }

  #accept(incoming: IncomingMessage): void {
    this.#running += 1;
    this.#process(incoming)
      .catch((error: unknown) => {
        this.#transport.logger.error(
          { err: error, ...describe(incoming) },
          'Could not answer an RPC request',
        );
      })
      .finally(() => {
        this.#running -= 1;
        if (this.#running > 0) return;
        for (const resolve of this.#idleWaiters.splice(0)) resolve();
      });
  }

  async #process(incoming: IncomingMessage): Promise<void> {
    const outcome = await this.#run(incoming);
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
async function stopListening(listening: Promise<Listener>): Promise<void> {
  const listener = await listening.catch(() => undefined);
  await listener?.stop();
}

function describe({ ctxt, message }: IncomingMessage): object {
  const { method, namespace, version } = message;
  return { method, namespace, version, request_id: ctxt?.request_id };
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
