import type { IncomingMessage } from '../drivers/driver.ts';
import { serializeFailure } from '../failure.ts';
import { InFlight } from '../in-flight.ts';
import type { JsonValue } from '../json.ts';
import type { RpcContext } from '../serializer.ts';
import type { Target } from '../target.ts';
import { presentable } from '../thrown.ts';
import type { Transport } from '../transport.ts';
import { MalformedRequest, type RPCDispatcher } from './dispatcher.ts';
import { type Heartbeat, Heartbeats } from './heartbeats.ts';
import { ServedRequest } from './request.ts';
import { describeRequest, logFailure } from './request-log.ts';
import { ResultSink } from './result-stream.ts';

/** A request that is being served. */
interface Work {
  incoming: IncomingMessage;
  heartbeat: Heartbeat | undefined;
  request: ServedRequest;
  sink: ResultSink;
  /** Deserialized, once it is. */
  ctxt: RpcContext;
}

/** A caller that has given up, or is about to, tells itself so better than this end can. */
function isAwaited({ incoming, request }: Work, outcome: Outcome): boolean {
  return incoming.expectsReply && !(outcome.failed && request.isAbandonedBy(outcome.error));
}

/** For observers. */
class Times {
  /** Milliseconds since the epoch. */
  readonly startedAt = Date.now();
  readonly start = performance.now();
}

type Outcome = { failed: false; result: JsonValue } | { failed: true; error: unknown };

/** Runs requests as they are handed over, answers them, and tells the driver when each is done. */
export class RequestHandler {
  readonly #transport: Transport;
  readonly #target: Target;
  readonly #dispatcher: RPCDispatcher;
  readonly #heartbeats: Heartbeats;
  /** While their methods run. */
  readonly running = new InFlight();
  /** Until their replies are sent. */
  readonly unanswered = new InFlight();

  constructor(transport: Transport, target: Target, dispatcher: RPCDispatcher) {
    this.#transport = transport;
    this.#target = target;
    this.#dispatcher = dispatcher;
    this.#heartbeats = new Heartbeats(transport.logger);
  }

  /** Never throws. */
  handle(incoming: IncomingMessage): void {
    if (incoming.deadline !== null && incoming.deadline <= Date.now()) {
      this.#drop(incoming);
      return;
    }
    this.running.begin();
    this.unanswered.begin();
    void this.#serve({
      incoming,
      heartbeat: this.#heartbeats.start(incoming),
      request: new ServedRequest(incoming),
      sink: new ResultSink((result) => incoming.sendResult(result)),
      ctxt: incoming.ctxt,
    });
  }

  /** Its caller has given up: whatever it asked for is not wanted any more. */
  #drop(incoming: IncomingMessage): void {
    const { logger, onEvent } = this.#transport;
    logger.debug(describeRequest(incoming), 'Dropped an RPC request whose deadline has passed');
    onEvent?.({ type: 'expired_dropped', data: { method: incoming.message.method } });
    this.#finish(incoming);
  }

  async #serve(work: Work): Promise<void> {
    const { incoming, request } = work;
    const times = this.#transport.observers.length === 0 ? undefined : new Times();
    let outcome: Outcome;
    try {
      outcome = { failed: false, result: await this.#run(work) };
    } catch (thrown) {
      const error = presentable(thrown);
      outcome = { failed: true, error };
      logFailure(this.#transport.logger, incoming, request, error);
    }
    work.heartbeat?.stop();
    request.end();
    this.running.end();
    if (times !== undefined) this.#notifyObservers(work, outcome, times);
    if (isAwaited(work, outcome)) await this.#reply(work, outcome);
    this.#finish(incoming, outcome);
    this.unanswered.end();
  }

  #run(work: Work): Promise<JsonValue> {
    const { serveHooks } = this.#transport;
    return serveHooks === undefined ? this.#dispatch(work) : this.#runWithHooks(work);
  }

  async #runWithHooks(work: Work): Promise<JsonValue> {
    const { incoming } = work;
    this.#dispatcher.check(incoming.message);
    const rpc = {
      kind: incoming.expectsReply ? 'call' : 'cast',
      target: this.#targetOf(incoming),
      method: incoming.message.method,
      ctxt: incoming.ctxt,
      queueWait: incoming.queueWait,
      attempt: incoming.attempt,
    } as const;
    const run = () => this.#dispatch(work);
    return this.#transport.serveHooks?.run(rpc, run) ?? run();
  }

  async #dispatch(work: Work): Promise<JsonValue> {
    work.ctxt = this.#dispatcher.deserializeContext(work.incoming.ctxt);
    return this.#dispatcher.dispatch(work.ctxt, work.incoming.message, work.request, work.sink);
  }

  async #reply(work: Work, outcome: Outcome): Promise<void> {
    try {
      await this.#answer(work, outcome);
    } catch (error) {
      this.#transport.logger.error(
        { err: error, ...describeRequest(work.incoming) },
        'Could not answer an RPC request',
      );
      // A result may refuse to be written as JSON: its caller is told that. What else kept it back keeps this, too.
      if (!outcome.failed) await this.#answer(work, { failed: true, error }).catch(() => {});
    }
  }

  async #answer({ incoming, sink }: Work, outcome: Outcome): Promise<void> {
    await incoming.reply({
      result: outcome.failed ? null : outcome.result,
      failure: outcome.failed ? serializeFailure(outcome.error) : null,
      ...(sink.count !== undefined && { results: sink.count }),
    });
  }

  #finish(incoming: IncomingMessage, outcome?: Outcome): void {
    try {
      if (outcome?.failed) incoming.done(outcome.error ?? new Error(`${outcome.error} was thrown`));
      else incoming.done();
    } catch (error) {
      // A bug of the driver's: the requests after this one must not suffer from it.
      this.#transport.logger.error(
        { err: error, ...describeRequest(incoming) },
        'Could not finish an RPC request',
      );
    }
  }

  #notifyObservers(work: Work, outcome: Outcome, times: Times): void {
    if (outcome.failed && outcome.error instanceof MalformedRequest) return;
    const { incoming, ctxt } = work;
    this.#transport.notifyObservers({
      side: 'server',
      kind: incoming.expectsReply ? 'call' : 'cast',
      transportName: this.#transport.name,
      target: this.#targetOf(incoming),
      method: incoming.message.method,
      ctxt,
      startedAt: times.startedAt,
      duration: performance.now() - times.start,
      ...(outcome.failed && { error: outcome.error }),
    });
  }

  #targetOf({ message }: IncomingMessage): Target {
    return this.#target.with({ namespace: message.namespace, version: message.version });
  }
}
