import type { StateChange } from '@mini-nova/data/instances/store';
import type { RpcEvent, Target } from '@mini-nova/messaging';
import type { RequestContext } from '@mini-nova/service';

/** One message, as the timeline shows it. Times in milliseconds. */
export interface MessageEntry {
  kind: 'http' | 'call' | 'cast' | 'fanout';
  /** Since the start. */
  at: number;
  from: string;
  to: string;
  method: string;
  /** Of a call and of HTTP: until the answer. Of a cast: how long its receiver worked; null when it did not end. */
  duration: number | null;
}

/** The instance has come into a state. */
export interface StateEntry {
  kind: 'state';
  /** Milliseconds since the start. */
  at: number;
  vm_state: string | null;
  task_state: string | null;
}

export type TimelineEntry = MessageEntry | StateEntry;

/** Records who told whom what for one user, and what became of the instance. */
export class Timeline {
  readonly #requestIds = new Set<string>();
  readonly #rpcs: RpcEvent[] = [];
  readonly #http: Omit<MessageEntry, 'at'>[] = [];
  readonly #httpStarts: number[] = [];
  readonly #states: StateChange[] = [];
  #start = Date.now();

  /** Time 0. */
  begin(): void {
    this.#start = Date.now();
  }

  /** The RPCs of this request, and of all that it causes, belong to the timeline. */
  follow(globalRequestId: string): void {
    this.#requestIds.add(globalRequestId);
  }

  readonly onRpc = (event: RpcEvent): void => {
    const { global_request_id: id } = event.ctxt as Partial<RequestContext>;
    if (typeof id === 'string' && this.#requestIds.has(id)) this.#rpcs.push(event);
  };

  readonly onStateChange = (change: StateChange): void => {
    this.#states.push(change);
  };

  onHttp(method: string, startedAt: number): void {
    this.#httpStarts.push(startedAt);
    this.#http.push({ kind: 'http', from: 'you', to: 'nova-api', method, duration: Date.now() - startedAt });
  }

  /** In the order of time. */
  entries(): TimelineEntry[] {
    const entries = [...this.#httpEntries(), ...this.#messages(), ...this.#stateEntries()];
    return entries.sort((a, b) => a.at - b.at);
  }

  #httpEntries(): MessageEntry[] {
    return this.#http.map((entry, index) => ({ ...entry, at: this.#since(this.#httpStarts[index] ?? 0) }));
  }

  #messages(): MessageEntry[] {
    const served = this.#rpcs.filter(({ side }) => side === 'server').sort(byStart);
    const sent = this.#rpcs.filter(({ side }) => side === 'client').sort(byStart);
    return sent.map((event) => ({
      kind: event.kind,
      at: this.#since(event.startedAt),
      from: event.transportName,
      to: serviceOf(event.target),
      method: event.method,
      duration: event.kind === 'call' ? event.duration : takeDuration(served, event),
    }));
  }

  /** Without the saves that change neither state. */
  #stateEntries(): StateEntry[] {
    const changes = this.#states.filter((change, index) => {
      const before = this.#states[index - 1];
      return change.vm_state !== before?.vm_state || change.task_state !== before.task_state;
    });
    return changes.map(({ at, vm_state, task_state }) => ({
      kind: 'state',
      at: this.#since(at),
      vm_state,
      task_state,
    }));
  }

  #since(time: number): number {
    return time - this.#start;
  }
}

/** How long the receiver of this cast worked on it. Receipts are in the order of sending, so each is taken once. */
function takeDuration(served: RpcEvent[], sent: RpcEvent): number | null {
  const index = served.findIndex(
    ({ kind, method, startedAt }) =>
      kind === sent.kind && method === sent.method && startedAt >= sent.startedAt,
  );
  const [receipt] = index < 0 ? [] : served.splice(index, 1);
  return receipt?.duration ?? null;
}

/** `compute` on `host1` -> `nova-compute.host1` */
function serviceOf({ topic, server }: Target): string {
  return server ? `nova-${topic}.${server}` : `nova-${topic}`;
}

function byStart(a: RpcEvent, b: RpcEvent): number {
  return a.startedAt - b.startedAt;
}
