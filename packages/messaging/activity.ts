import { Roster } from './collections.ts';
import type { Request, SendOptions } from './drivers/driver.ts';
import { textOr } from './json.ts';
import type { Target } from './target.ts';

/** Since when something has been under way, at the moment of a report. */
export interface Times {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Seconds. */
  readonly elapsed: number;
}

/** What requests that run and calls that wait have in common. */
interface Ongoing extends Times {
  /** The server's, or where it was sent, with the request's namespace and version. */
  readonly target: Target;
  /** The wire name. */
  readonly method: string;
  /** The context's `request_id`, as it travels; null when it has none. */
  readonly requestId: string | null;
}

/** A request that a server runs at this moment. */
export interface RunningRequest extends Ongoing {
  readonly kind: 'call' | 'cast';
}

/** A call that waits for its reply, or a cast that waits for the transport to take it. */
export interface WaitingCall extends Ongoing {
  readonly kind: 'call' | 'cast' | 'fanout';
  /** Seconds for which it may wait in all; null for a cast. */
  readonly timeout: number | null;
}

/** Something under way that can be reported. */
export interface UnderWay<Report> {
  /** When it began, by performance.now. */
  readonly since: number;
  report(times: Times): Report;
}

/** What a transport's clients and servers are doing at this moment, for reports. Each reading is a copy. */
export class Activity {
  /** The requests that servers run. A server adds a request when it starts and removes it when it has ended. */
  readonly requests = new Roster<UnderWay<RunningRequest>>();
  /** The messages that clients wait for. A client adds a message when it is sent and removes it when it has ended. */
  readonly calls = new Roster<UnderWay<WaitingCall>>();

  /** The requests that run, oldest first. */
  get serving(): readonly RunningRequest[] {
    return reports(this.requests.items());
  }

  /** The calls, multicalls and casts whose promises are pending, oldest first. */
  get calling(): readonly WaitingCall[] {
    return reports(this.calls.items());
  }
}

/** @param items the newest first, as a roster has them. Returns the oldest first. */
export function reports<Report>(items: readonly UnderWay<Report>[]): Report[] {
  const [now, today] = [performance.now(), Date.now()];
  return items
    .map((item) => {
      const elapsed = now - item.since;
      return item.report({ startedAt: Math.round(today - elapsed), elapsed: elapsed / 1000 });
    })
    .reverse();
}

/** The id by which a request can be followed through all services; a peer may send anything as its context. */
export function requestIdOf(ctxt: { readonly request_id?: unknown } | null | undefined): string | null {
  return textOr(ctxt?.request_id, null);
}

/**
 * A message from its sending until its outcome. It does not keep the arguments, which may be large. Its fields are
 * plain because private ones are more expensive to create.
 */
export class Waiting implements UnderWay<WaitingCall> {
  readonly since = performance.now();
  readonly target: Target;
  readonly method: string;
  readonly requestId: string | null;
  readonly options: SendOptions;

  constructor(target: Target, { ctxt, message }: Request, options: SendOptions) {
    this.target = target;
    this.method = message.method;
    this.requestId = requestIdOf(ctxt);
    this.options = options;
  }

  report(times: Times): WaitingCall {
    return {
      kind: this.kind,
      target: this.target,
      method: this.method,
      requestId: this.requestId,
      ...times,
      timeout: this.options.timeout ?? null,
    };
  }

  get kind(): WaitingCall['kind'] {
    if (this.options.waitForReply) return 'call';
    return this.target.fanout ? 'fanout' : 'cast';
  }
}
