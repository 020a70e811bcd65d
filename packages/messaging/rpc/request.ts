import { type RunningRequest, requestIdOf, type Times, type UnderWay } from '../activity.ts';
import type { RosterEntry } from '../collections.ts';
import type { IncomingMessage } from '../drivers/driver.ts';
import { CallCancelled, MessagingTimeout, type RequestCut } from '../errors.ts';
import { type JsonValue, textOr } from '../json.ts';
import { MAX_TIMER } from '../limits.ts';
import type { RpcContext } from '../serializers.ts';
import type { Target } from '../target.ts';
import type { Heartbeat } from './heartbeats.ts';
import { ResultSink } from './results.ts';
import { DEFAULT_VERSION } from './version-cap.ts';

/** What an endpoint's method may know about the request it serves: its third argument. */
export interface RpcRequest {
  /**
   * Fires when nobody waits for the answer any more: at the deadline, with a MessagingTimeout as its reason, or when
   * the caller has cancelled, with a CallCancelled; never so for a cast. Also when the server gives up what still runs
   * (`RPCServer.cut`), with a ServerLost. Never after the method has ended.
   */
  readonly signal: AbortSignal;
  /** Milliseconds until the caller gives up; null: unknown or never. */
  readonly timeLeft: number | null;
  /**
   * When that is, in milliseconds since the epoch by this machine's clock as it goes now: to be shown, not to be
   * compared later, for a clock may be set.
   */
  readonly deadline: number | null;
  /**
   * Calls the listener, once, if nobody gets the answer although the method has ended well: its caller gave up
   * meanwhile, or is gone, or the server has given up the request. For what the method has set aside for the caller. Not everything can be known: a caller that
   * ended a moment ago may still have its queue.
   */
  onUnanswered(listener: () => void): void;
  /** The wire name. */
  readonly method: string;
  readonly namespace: string | null;
  readonly version: string;
  /** How often this request has been tried, this time included. Above 1 only with ackPolicy `after`. */
  readonly attempt: number;
}

/** The part of a delivered message that a request needs. */
export type RequestSource = Pick<IncomingMessage, 'message' | 'deadline' | 'attempt' | 'onCancelled'>;

/** A request while it is served. Unused parts cost nothing: most methods never look at their signal. */
export class ServedRequest implements RpcRequest {
  readonly #incoming: RequestSource;
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #onUnanswered: (() => void) | undefined;

  constructor(incoming: RequestSource) {
    this.#incoming = incoming;
  }

  get signal(): AbortSignal {
    this.#controller ??= this.#watch();
    return this.#controller.signal;
  }

  get timeLeft(): number | null {
    const { deadline } = this.#incoming;
    return deadline === null ? null : deadline - performance.now();
  }

  get deadline(): number | null {
    const { timeLeft } = this;
    return timeLeft === null ? null : Date.now() + timeLeft;
  }

  get method(): string {
    return this.#incoming.message.method;
  }

  get namespace(): string | null {
    return this.#incoming.message.namespace ?? null;
  }

  get version(): string {
    return this.#incoming.message.version ?? DEFAULT_VERSION;
  }

  get attempt(): number {
    return this.#incoming.attempt;
  }

  onUnanswered(listener: () => void): void {
    this.#onUnanswered = listener;
  }

  /** To be called when nobody gets the answer; undefined when nobody has asked to be told. */
  get unanswered(): (() => void) | undefined {
    if (this.#onUnanswered === undefined) return undefined;
    return () => {
      const tell = this.#onUnanswered;
      this.#onUnanswered = undefined;
      tell?.();
    };
  }

  /** Whether its deadline has passed: the signal's timer, and the caller's, may be late. */
  get isLate(): boolean {
    const { timeLeft } = this;
    return timeLeft !== null && timeLeft <= 0;
  }

  /** Whether its signal has fired. */
  get isAbandoned(): boolean {
    return this.#controller?.signal.aborted ?? false;
  }

  /** Whether the method ended with this error because its signal has fired. */
  isAbandonedBy(error: unknown): boolean {
    const signal = this.#controller?.signal;
    if (!signal?.aborted) return false;
    return error === signal.reason || (error instanceof Error && error.name === 'AbortError');
  }

  /** Fires the signal, also for those who look at it only later. */
  giveUp(reason: Error): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }

  /** The method has ended: the signal fires no more. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #watch(): AbortController {
    const controller = new AbortController();
    const abort = (reason: Error): void => {
      if (!this.#ended) controller.abort(reason);
    };
    if (this.#ended) return controller;
    this.#incoming.onCancelled(() => abort(new CallCancelled(`The caller has cancelled ${this.method}`)));
    const { deadline } = this.#incoming;
    if (deadline === null) return controller;
    const look = (): void => {
      const left = deadline - performance.now();
      if (left <= 0) abort(new MessagingTimeout(`The deadline of ${this.method} has passed`));
      else this.#timer = setTimeout(look, Math.min(left, MAX_TIMER)).unref();
    };
    look();
    return controller;
  }
}

/** A request that no driver has delivered: its signal never fires. */
export function localRequest(message: IncomingMessage['message']): ServedRequest {
  return new ServedRequest({ message, deadline: null, attempt: 1, onCancelled() {} });
}

/** What runs a server's requests. */
export interface RequestOwner {
  /** The server's. */
  readonly target: Target;
}

/** A request that is being served. Its fields are plain because private ones are more expensive to create. */
export class Work implements UnderWay<RunningRequest> {
  readonly since = performance.now();
  /** Milliseconds since the epoch. */
  readonly startedAt = Date.now();
  readonly incoming: IncomingMessage;
  readonly owner: RequestOwner;
  readonly request: ServedRequest;
  readonly sink: ResultSink;
  readonly heartbeat: Heartbeat | undefined;
  /** Deserialized, once it is. */
  ctxt: RpcContext;
  /** On the roster of what runs, while it runs. */
  place: RosterEntry<UnderWay<RunningRequest>> | undefined;
  /** The error with which its server has given it up: its method may still run, but its outcome is ignored. */
  cutBy: RequestCut | undefined;
  rejectRun: ((error: RequestCut) => void) | undefined;

  constructor(incoming: IncomingMessage, owner: RequestOwner, heartbeat: Heartbeat | undefined) {
    this.incoming = incoming;
    this.owner = owner;
    this.request = new ServedRequest(incoming);
    this.sink = new ResultSink((result) => incoming.sendResult(result));
    this.heartbeat = heartbeat;
    this.ctxt = incoming.ctxt;
  }

  get kind(): 'call' | 'cast' {
    return this.incoming.expectsReply ? 'call' : 'cast';
  }

  /** The server's, with the request's namespace and version: text, or they are malformed, which its run finds. */
  get target(): Target {
    const { namespace, version } = this.incoming.message;
    return this.owner.target.with({ namespace: textOrNull(namespace), version: textOrNull(version) });
  }

  report(times: Times): RunningRequest {
    const { ctxt, message } = this.incoming;
    const method = textOr(message.method, '');
    return { kind: this.kind, target: this.target, method, requestId: requestIdOf(ctxt), ...times };
  }

  /** Gives it up, once: its signal fires, and its run ends for those who watch it. */
  cut(error: RequestCut): void {
    this.cutBy = error;
    this.rejectRun?.(error);
    this.request.giveUp(error);
  }

  /** The outcome of the run, or, as soon as it is cut, the error with which it is. */
  unlessCut(run: () => Promise<JsonValue>): Promise<JsonValue> {
    if (this.cutBy !== undefined) return Promise.reject(this.cutBy);
    return new Promise((resolve, reject) => {
      this.rejectRun = reject;
      run().then(resolve, reject);
    });
  }
}

function textOrNull(value: unknown): string | null | undefined {
  return typeof value === 'string' || value === null ? value : undefined;
}
