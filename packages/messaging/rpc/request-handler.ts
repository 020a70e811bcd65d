import { type RunningRequest, reports } from '../activity.ts';
import type { IncomingMessage } from '../drivers/driver.ts';
import { RequestCut, RequestRefused } from '../errors.ts';
import { serializeFailure } from '../failure.ts';
import type { JsonValue } from '../json.ts';
import { logThrown, presentable, reasonText } from '../logger.ts';
import { isExpectedError } from '../remote-errors.ts';
import type { Target } from '../target.ts';
import type { Transport } from '../transport.ts';
import { InFlight } from '../waits.ts';
import { checkRequest, MalformedRequest, type RPCDispatcher } from './dispatcher.ts';
import { Heartbeats } from './heartbeats.ts';
import { type RequestOwner, Work } from './request.ts';

/** How log lines name a request. */
function describeRequest({ ctxt, message }: IncomingMessage): object {
  const { method, namespace, version } = message;
  const request_id = ctxt?.request_id;
  return { method, namespace, version, ...(typeof request_id === 'string' && { request_id }) };
}

/** A caller that has given up, or is about to, knows so better than this end can say. */
function isAwaited({ incoming, request }: Work, outcome: Outcome): boolean {
  if (!incoming.expectsReply) return false;
  return !(outcome.failed && (request.isAbandonedBy(outcome.error) || request.isLate));
}

type Failed = { failed: true; error: unknown };
type Outcome = { failed: false; result: JsonValue } | Failed;

/** Runs requests as they are handed over, answers them, and tells the driver when each is done. */
export class RequestHandler implements RequestOwner {
  readonly #transport: Transport;
  readonly target: Target;
  readonly #dispatcher: RPCDispatcher;
  readonly #heartbeats: Heartbeats;
  /** While their methods run. */
  readonly running = new InFlight();
  /** Until their replies are sent. */
  readonly unanswered = new InFlight();

  constructor(transport: Transport, target: Target, dispatcher: RPCDispatcher) {
    this.#transport = transport;
    this.target = target;
    this.#dispatcher = dispatcher;
    this.#heartbeats = new Heartbeats(transport.logger);
  }

  /** Never throws. */
  readonly handle = (incoming: IncomingMessage): void => {
    if (incoming.deadline !== null && incoming.deadline <= performance.now()) {
      this.#drop(incoming);
      return;
    }
    this.running.begin();
    this.unanswered.begin();
    const work = new Work(incoming, this, this.#heartbeats.start(incoming));
    work.place = this.#transport.activity.requests.add(work);
    void this.#serve(work);
  };

  /** The requests that run, oldest first. */
  get requests(): readonly RunningRequest[] {
    return reports(this.#works());
  }

  /** Gives up the requests that run, and tells which. They are answered soon: see `unanswered`. */
  cut(): readonly RunningRequest[] {
    const works = this.#works();
    const requests = reports(works);
    for (const work of works.reverse()) this.#cut(work);
    return requests;
  }

  /** The newest first. */
  #works(): Work[] {
    const isOwn = (item: unknown): item is Work => item instanceof Work && item.owner === this;
    return this.#transport.activity.requests.items().filter(isOwn);
  }

  /** Its caller has given up, so the result is no longer wanted. */
  #drop(incoming: IncomingMessage): void {
    const { logger, hooks } = this.#transport;
    logger.debug(describeRequest(incoming), 'Dropped an RPC request whose deadline has passed');
    hooks.onTransportEvent?.({ type: 'expired_dropped', data: { method: incoming.message.method } });
    this.#finish(incoming);
  }

  async #serve(work: Work): Promise<void> {
    const { incoming } = work;
    let outcome: Outcome;
    try {
      outcome = { failed: false, result: await this.#run(work) };
    } catch (thrown) {
      outcome = { failed: true, error: presentable(thrown) };
    }
    // Its end was reported when it was cut.
    if (work.cutBy !== undefined) return;
    if (outcome.failed) this.#noteFailure(work, outcome.error);
    this.#leave(work, outcome);
    if (isAwaited(work, outcome)) await this.#reply(work, outcome);
    this.#finish(incoming, outcome);
    this.unanswered.end();
  }

  /** Expected failures are logged in one quiet line, bugs with their stack. */
  #noteFailure({ incoming, request }: Work, error: unknown): void {
    const { logger, hooks } = this.#transport;
    const what = describeRequest(incoming);
    const isAbandoned = request.isAbandonedBy(error);
    if (error instanceof MalformedRequest) {
      logger.warn({ ...what, reason: error.message }, 'Dropped a malformed RPC request');
    } else if (isAbandoned) {
      logger.debug(
        { error: reasonText(error), ...what },
        'An RPC method ended early: nobody waits for it any more',
      );
    } else if (!isExpectedError(error)) {
      logThrown(logger, error, what, 'An RPC method failed');
    } else if (incoming.expectsReply) {
      logger.info({ error: reasonText(error), ...what }, 'An RPC method answered with an error');
    } else {
      // Nobody else learns of it.
      logger.warn(
        { error: reasonText(error), ...what },
        'An RPC method failed, and its caller does not wait',
      );
    }
    const data = { method: request.method };
    if (error instanceof RequestRefused) hooks.onTransportEvent?.({ type: 'refused', data });
    else if (isAbandoned || request.isLate) hooks.onTransportEvent?.({ type: 'abandoned', data });
  }

  /** As far as others can see, it no longer runs. */
  #leave(work: Work, outcome: Outcome): void {
    work.heartbeat?.stop();
    work.request.end();
    if (work.place !== undefined) this.#transport.activity.requests.remove(work.place);
    this.running.end();
    this.#tell(work, outcome);
  }

  #cut(work: Work): void {
    // By a listener of another one's signal.
    if (work.cutBy !== undefined) return;
    const { incoming, request } = work;
    const { logger } = this.#transport;
    const error = new RequestCut(`${this.target.server}`, request.method);
    const awaited = incoming.expectsReply && !request.isAbandoned;
    logger.warn(describeRequest(incoming), 'Gave up an RPC method that still ran: its server is stopping');
    const outcome: Failed = { failed: true, error };
    this.#leave(work, outcome);
    work.cut(error);
    void this.#settleCut(work, outcome, awaited);
  }

  /** Another run of it gives the answer, or it is answered and done here. */
  async #settleCut(work: Work, outcome: Failed, awaited: boolean): Promise<void> {
    const { incoming } = work;
    let givenBack = false;
    try {
      givenBack = incoming.giveBack?.(outcome.error) ?? false;
    } catch (failure) {
      // A bug of the driver: the caller must be answered all the same.
      this.#logBug(incoming, failure, 'Could not give back an RPC request');
    }
    if (!givenBack) {
      if (awaited) await this.#reply(work, outcome);
      this.#finish(incoming, outcome);
    }
    this.unanswered.end();
  }

  /** Within the hooks. */
  #run(work: Work): Promise<JsonValue> {
    const { aroundServe } = this.#transport.hooks;
    if (aroundServe === undefined) return this.#dispatch(work);
    const { kind, target, incoming } = work;
    const { message, ctxt, queueWait, attempt } = incoming;
    checkRequest(message);
    const rpc = { kind, target, method: message.method, ctxt, queueWait, attempt };
    return aroundServe(rpc, () => work.unlessCut(() => this.#dispatch(work)));
  }

  async #dispatch(work: Work): Promise<JsonValue> {
    work.ctxt = this.#dispatcher.deserializeContext(work.incoming.ctxt);
    const { message } = work.incoming;
    const result = await this.#dispatcher.dispatch(work.ctxt, message, work.request, work.sink);
    // Its caller has been told otherwise.
    if (work.cutBy !== undefined) work.request.unanswered?.();
    return result;
  }

  async #reply(work: Work, outcome: Outcome): Promise<void> {
    try {
      await this.#answer(work, outcome);
    } catch (error) {
      this.#logBug(work.incoming, error, 'Could not answer an RPC request');
      // A result may refuse to be written as JSON: its caller is told that. What else kept it back keeps this, too.
      if (!outcome.failed) await this.#answer(work, { failed: true, error }).catch(() => {});
    }
  }

  async #answer({ incoming, request, sink }: Work, outcome: Outcome): Promise<void> {
    const reply = {
      result: outcome.failed ? null : outcome.result,
      failure: outcome.failed ? serializeFailure(outcome.error) : null,
      ...(sink.count !== undefined && { results: sink.count }),
    };
    await incoming.reply(reply, outcome.failed ? undefined : request.unanswered);
  }

  #finish(incoming: IncomingMessage, outcome?: Outcome): void {
    try {
      if (outcome?.failed) incoming.done(outcome.error ?? new Error(`${outcome.error} was thrown`));
      else incoming.done();
    } catch (error) {
      // A bug of the driver must not affect the requests after this one.
      this.#logBug(incoming, error, 'Could not finish an RPC request');
    }
  }

  #logBug(incoming: IncomingMessage, error: unknown, message: string): void {
    this.#transport.logger.error({ err: error, ...describeRequest(incoming) }, message);
  }

  #tell(work: Work, outcome: Outcome): void {
    const { hooks, name } = this.#transport;
    if (hooks.onRpc === undefined || (outcome.failed && outcome.error instanceof MalformedRequest)) return;
    hooks.onRpc({
      side: 'server',
      kind: work.kind,
      transportName: name,
      target: work.target,
      method: work.incoming.message.method,
      ctxt: work.ctxt,
      startedAt: work.startedAt,
      duration: performance.now() - work.since,
      ...(outcome.failed && { error: outcome.error }),
    });
  }
}
