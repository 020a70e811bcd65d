import type {
  Driver,
  IncomingMessage,
  Listener,
  ListenOptions,
  Reply,
  RpcMessage,
} from '../drivers/driver.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { Target } from '../target.ts';

/** A driver that hands over the requests it is given. */
export class ScriptedDriver implements Driver {
  listens = 0;
  stops = 0;
  listenError: Error | undefined;
  listenOptions: ListenOptions | undefined;
  stopping: Promise<void> = Promise.resolve();
  #onMessage: (incoming: IncomingMessage) => void = () => {};

  async send(): Promise<never> {
    throw new Error('nothing to send');
  }

  async listen(
    _target: Target,
    onMessage: (incoming: IncomingMessage) => void,
    options: ListenOptions = {},
  ): Promise<Listener> {
    this.listens += 1;
    if (this.listenError !== undefined) throw this.listenError;
    this.listenOptions = options;
    this.#onMessage = onMessage;
    return {
      stop: async () => {
        this.stops += 1;
        await this.stopping;
      },
    };
  }

  async close(): Promise<void> {}

  deliver(message: object, options: Partial<ScriptedIncoming> = {}): ScriptedIncoming {
    const incoming = Object.assign(new ScriptedIncoming(message), options);
    this.#onMessage(incoming);
    return incoming;
  }
}

/** A request that notes what becomes of it. */
export class ScriptedIncoming implements IncomingMessage {
  readonly ctxt: JsonObject = { request_id: 'req-1' };
  readonly message: RpcMessage;
  expectsReply = true;
  callMonitorTimeout: number | null = null;
  deadline: number | null = null;
  queueWait: number | null = null;
  attempt = 1;
  readonly replies: Reply[] = [];
  readonly results: JsonValue[] = [];
  /** What each `done` was told. */
  readonly outcomes: unknown[] = [];
  heartbeats = 0;
  /** Called by the test when the caller cancels. */
  cancel: () => void = () => {};

  constructor(message: object) {
    this.message = message as RpcMessage;
  }

  onCancelled(listener: () => void): void {
    this.cancel = listener;
  }

  async reply(reply: Reply): Promise<void> {
    this.replies.push(reply);
  }

  async sendResult(result: JsonValue): Promise<void> {
    this.results.push(result);
  }

  async heartbeat(): Promise<void> {
    this.heartbeats += 1;
  }

  done(failure?: unknown): void {
    this.outcomes.push(failure);
  }

  giveBack(_reason: unknown): boolean {
    return false;
  }
}
