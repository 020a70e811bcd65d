import { type RunningRequest, requestIdOf, type Times, type UnderWay } from '../activity.ts';
import type { IncomingMessage } from '../drivers/driver.ts';
import type { RequestCut } from '../errors.ts';
import type { JsonValue } from '../json.ts';
import type { RosterEntry } from '../roster.ts';
import type { RpcContext } from '../serializer.ts';
import type { Target } from '../target.ts';
import type { Heartbeat } from './heartbeats.ts';
import { ServedRequest } from './request.ts';
import { ResultSink } from './result-stream.ts';

export interface WorkOptions {
  incoming: IncomingMessage;
  /** The server. */
  owner: object;
  serverTarget: Target;
  heartbeat: Heartbeat | undefined;
  startedAt: number;
}

/** A request that is being served. Its fields are plain, for private ones cost more to make. */
export class Work implements UnderWay<RunningRequest> {
  readonly since = performance.now();
  /** Milliseconds since the epoch, for hooks; 0 when there are none. */
  readonly startedAt: number;
  readonly incoming: IncomingMessage;
  readonly owner: object;
  readonly request: ServedRequest;
  readonly sink: ResultSink;
  readonly heartbeat: Heartbeat | undefined;
  /** Deserialized, once it is. */
  ctxt: RpcContext;
  /** On the roster of what runs, while it runs. */
  place: RosterEntry<UnderWay<RunningRequest>> | undefined;
  readonly serverTarget: Target;
  /** With what its server has given it up: its method may still run, and nobody wants to know how that ends. */
  cutBy: RequestCut | undefined;
  rejectRun: ((error: RequestCut) => void) | undefined;

  constructor({ incoming, owner, serverTarget, heartbeat, startedAt }: WorkOptions) {
    this.incoming = incoming;
    this.owner = owner;
    this.request = new ServedRequest(incoming);
    this.sink = new ResultSink((result) => incoming.sendResult(result));
    this.heartbeat = heartbeat;
    this.startedAt = startedAt;
    this.ctxt = incoming.ctxt;
    this.serverTarget = serverTarget;
  }

  get kind(): 'call' | 'cast' {
    return this.incoming.expectsReply ? 'call' : 'cast';
  }

  /** The server's, with the request's namespace and version: text, or they are malformed, which its run finds. */
  get target(): Target {
    const { namespace, version } = this.incoming.message;
    return this.serverTarget.with({ namespace: textOrNull(namespace), version: textOrNull(version) });
  }

  report(times: Times): RunningRequest {
    const { ctxt, message } = this.incoming;
    const method = textOrNull(message.method) ?? '';
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
