import type { Reply, Request } from '../drivers/driver.ts';
import { ClientSendError, InvalidTarget, MessagingError } from '../errors.ts';
import { deserializeFailure } from '../failure.ts';
import type { JsonObject } from '../json.ts';
import type { RpcEvent } from '../observer.ts';
import type { RpcContext, Serializer } from '../serializer.ts';
import { contextToPrimitive, toPrimitive } from '../serializers/primitive.ts';
import type { Target, TargetOptions } from '../target.ts';
import type { Transport } from '../transport.ts';
import type { AnyContract, RpcContract } from './contract.ts';
import { canSendVersion, checkVersionCap, DEFAULT_VERSION, parseVersion } from './version-cap.ts';

/** How messages are sent. */
export interface CallOptions {
  /** Seconds a call waits for its reply. Absent or null: the transport's `rpcResponseTimeout`. */
  timeout?: number | null;
  /** No message with a newer version, or another major one, is sent. Absent or null: no cap. */
  versionCap?: string | null;
  /** How often a failed publish is tried again: -1 or null (the default) forever, 0 never, N times. */
  retry?: number | null;
  /** Seconds a call goes on without a sign of life from its server. Absent or null: not monitored. */
  callMonitorTimeout?: number | null;
}

/** What one prepared call changes; what is absent or undefined stays, and null takes a part away. */
export interface PrepareOptions extends Omit<TargetOptions, 'legacyNamespaces'>, CallOptions {}

/**
 * A client's target and options, ready to send with. Immutable: `prepare` makes another.
 */
export class CallContext<C extends RpcContract<C> = AnyContract> {
  readonly target: Target;
  readonly #transport: Transport;
  readonly #serializer: Serializer;
  readonly #options: CallOptions;

  constructor(transport: Transport, target: Target, serializer: Serializer, options: CallOptions = {}) {
    checkOptions(target, options);
    this.target = target;
    this.#transport = transport;
    this.#serializer = serializer;
    this.#options = options;
  }

  /** @throws TypeError when a version or a number is not one, or out of its range */
  prepare(options: PrepareOptions): CallContext<C> {
    const { timeout, versionCap, retry, callMonitorTimeout, ...target } = options;
    const own = this.#options;
    return new CallContext<C>(this.#transport, this.target.with(target), this.#serializer, {
      timeout: timeout === undefined ? own.timeout : timeout,
      versionCap: versionCap === undefined ? own.versionCap : versionCap,
      retry: retry === undefined ? own.retry : retry,
      callMonitorTimeout: callMonitorTimeout === undefined ? own.callMonitorTimeout : callMonitorTimeout,
    });
  }

  /** Whether the version cap lets a message of this version out; default: of the target's version. */
  canSendVersion(version: string = this.#version): boolean {
    return canSendVersion(version, this.#options.versionCap ?? null);
  }

  /**
   * Runs the method on one server and returns its result.
   *
   * @throws RPCVersionCapError, InvalidTarget, TypeError (arguments that have no form in JSON): nothing was sent
   * @throws MessagingTimeout no reply in time; the method may have run
   * @throws MessageDeliveryFailure, ClientSendError the transport failed
   * @throws NoSuchMethod, UnsupportedVersion the server does not serve the method, or not this version
   * @throws the method's own error when its class is registered with `remoteErrors`, else RemoteError
   */
  async call<M extends keyof C & string>(
    ctxt: RpcContext,
    method: M,
    args: C[M]['args'],
  ): Promise<C[M]['result']> {
    return this.#observed('call', ctxt, method, async () => {
      if (this.target.fanout) throw new InvalidTarget('A call cannot be used with fanout', this.target);
      const reply = await this.#send(this.#makeRequest(ctxt, method, args), true);
      if (reply === undefined) throw new ClientSendError(this.target, 'the driver returned no reply');
      if (reply.failure !== null) {
        throw deserializeFailure(reply.failure, { allowedModules: this.#transport.allowedRemoteExmods });
      }
      return this.#serializer.deserializeEntity(ctxt, reply.result) as C[M]['result'];
    });
  }

  /**
   * Sends the request and does not wait for it to run. Resolves once the transport has taken responsibility.
   * On a target with `fanout`, every server of the topic gets it.
   *
   * @throws as `call`, as far as sending goes
   */
  async cast<M extends keyof C & string>(ctxt: RpcContext, method: M, args: C[M]['args']): Promise<void> {
    return this.#observed(this.target.fanout ? 'fanout' : 'cast', ctxt, method, async () => {
      await this.#send(this.#makeRequest(ctxt, method, args), false);
    });
  }

  get #version(): string {
    return this.target.version ?? DEFAULT_VERSION;
  }

  #makeRequest(ctxt: RpcContext, method: string, args: object): Request {
    const { topic, namespace, version } = this.target;
    if (topic === undefined) throw new InvalidTarget('A topic is required to send', this.target);
    checkVersionCap(this.#version, this.#options.versionCap ?? null);
    return {
      ctxt: contextToPrimitive(this.#serializer.serializeContext(ctxt)),
      message: {
        method,
        args: this.#serializeArgs(ctxt, args),
        ...(namespace === null ? {} : { namespace }),
        ...(version === undefined ? {} : { version }),
      },
    };
  }

  #serializeArgs(ctxt: RpcContext, args: object): JsonObject {
    const serialized: JsonObject = {};
    for (const [name, value] of Object.entries(args)) {
      // As everywhere in JSON, undefined is absent.
      if (value === undefined) continue;
      serialized[name] = toPrimitive(this.#serializer.serializeEntity(ctxt, value), name);
    }
    return serialized;
  }

  async #send(request: Request, waitForReply: boolean): Promise<Reply | undefined> {
    const { timeout, callMonitorTimeout, retry } = this.#options;
    try {
      return await this.#transport.driver.send(this.target, request, {
        waitForReply,
        retry: retry ?? null,
        ...(waitForReply && {
          timeout: timeout ?? this.#transport.rpcResponseTimeout,
          callMonitorTimeout: callMonitorTimeout ?? null,
        }),
      });
    } catch (error) {
      if (error instanceof MessagingError) throw error;
      throw new ClientSendError(this.target, error);
    }
  }

  async #observed<T>(
    kind: RpcEvent['kind'],
    ctxt: RpcContext,
    method: string,
    send: () => Promise<T>,
  ): Promise<T> {
    const transport = this.#transport;
    if (transport.observers.length === 0) return send();
    const startedAt = Date.now();
    const start = performance.now();
    const notify = (outcome: { error?: unknown }) =>
      transport.notifyObservers({
        side: 'client',
        kind,
        transportName: transport.name,
        target: this.target,
        method,
        ctxt,
        startedAt,
        duration: performance.now() - start,
        ...outcome,
      });
    try {
      const result = await send();
      notify({});
      return result;
    } catch (error) {
      notify({ error });
      throw error;
    }
  }
}

function checkOptions(target: Target, options: CallOptions): void {
  for (const [name, version] of [
    ['version', target.version],
    ['versionCap', options.versionCap],
  ] as const) {
    if (version != null && parseVersion(version) === undefined) {
      throw new TypeError(`${name} "${version}" is not <major>.<minor>`);
    }
  }
  for (const name of ['timeout', 'callMonitorTimeout'] as const) {
    const seconds = options[name];
    if (seconds != null && !(seconds > 0)) {
      throw new TypeError(`${name} is ${seconds}, but must be more than 0 seconds`);
    }
  }
  if (options.retry != null && !(Number.isInteger(options.retry) && options.retry >= -1)) {
    throw new TypeError(
      `retry is ${options.retry}, but must be -1 (forever), 0 (never) or a number of times`,
    );
  }
}
