import { Waiting } from '../activity.ts';
import { given } from '../collections.ts';
import type { Reply, Request, SendOptions } from '../drivers/driver.ts';
import { CallCancelled, ClientSendError, InvalidTarget, MessagingError } from '../errors.ts';
import { deserializeFailure } from '../failure.ts';
import type { OutgoingRpc } from '../hooks.ts';
import { contextToPrimitive, type JsonObject, type JsonValue, toPrimitive } from '../json.ts';
import { checkRequestNames, checkWord } from '../names.ts';
import type { RpcContext, Serializer } from '../serializers.ts';
import type { Target } from '../target.ts';
import type { Transport } from '../transport.ts';
import { onAbort } from '../waits.ts';
import {
  type CallOptions,
  callSendOptions,
  castSendOptions,
  checkCallOptions,
  type PrepareOptions,
} from './call-options.ts';
import { ResultBuffer } from './results.ts';
import { canSendVersion, checkVersionCap, DEFAULT_VERSION } from './version-cap.ts';

/**
 * A client's target and options, ready to send with. Immutable: `prepare` makes another.
 */
export class CallContext {
  #namesChecked = false;
  readonly target: Target;
  readonly #transport: Transport;
  readonly #serializer: Serializer;
  readonly #options: CallOptions;
  readonly #callOptions: SendOptions;

  constructor(transport: Transport, target: Target, serializer: Serializer, options: CallOptions = {}) {
    checkCallOptions(target, options);
    this.target = target;
    this.#transport = transport;
    this.#serializer = serializer;
    this.#options = options;
    this.#callOptions = callSendOptions(options, transport);
  }

  /** One that differs in the given parts. @throws TypeError when a version or a number is not one, or out of its range */
  prepare(options: PrepareOptions): CallContext {
    const { exchange, topic, namespace, version, server, fanout, ...callOptions } = options;
    return new CallContext(
      this.#transport,
      this.target.with({ exchange, topic, namespace, version, server, fanout }),
      this.#serializer,
      { ...this.#options, ...given(callOptions) },
    );
  }

  /** Whether the version cap lets a message of this version out; default: of the target's version. */
  canSendVersion(version: string = this.#version): boolean {
    return canSendVersion(version, this.#options.versionCap ?? null);
  }

  /**
   * Runs the method on one server and returns its result; of several results, the last.
   *
   * @throws RPCVersionCapError, InvalidTarget, TypeError (no method, or arguments without names or a form in JSON): nothing
   *   was sent
   * @throws MessageUndeliverable there is no queue for the target: nobody has got it
   * @throws Overloaded too much waits to be sent: nothing was sent
   * @throws MessagingTimeout no reply in time; the method may have run
   * @throws ServerLost the server is gone, or has stopped before the method ended; the method may have run
   * @throws CallCancelled the `signal` has fired; the method may have run, unless it had fired before
   * @throws MessageDeliveryFailure, ClientSendError the transport failed
   * @throws NoSuchMethod, UnsupportedVersion the server does not serve the method, or not this version
   * @throws the method's own error when its class is registered with `remoteErrors`, else RemoteError
   */
  call(ctxt: RpcContext, method: string, args: object = {}): Promise<unknown> {
    return this.#told('call', ctxt, method, async () => {
      let last: JsonValue = null;
      const reply = await this.#exchange(ctxt, method, args, {
        ...this.#callOptions,
        onResult: (result) => {
          last = result;
        },
      });
      return this.#serializer.deserializeEntity(ctxt, reply.results === undefined ? reply.result : last);
    });
  }

  /**
   * Runs the method on one server and yields its results as they come. A method with a plain result yields that one.
   * Nothing is sent before the first result is asked for; leaving the loop cancels the call. `timeout` is for all of
   * it. A reader that falls more than the transport's `limits.streamBytes` behind gets Overloaded.
   *
   * @throws as `call`; an error that comes between the results comes after those before it
   */
  async *multicall(
    ctxt: RpcContext,
    method: string,
    args: object = {},
  ): AsyncGenerator<unknown, void, undefined> {
    const controller = new AbortController();
    const cancel = (reason: unknown): void => controller.abort(reason);
    const { signal } = this.#options;
    const stopFollowing = signal ? onAbort(signal, () => cancel(signal.reason)) : () => {};
    const buffer = new ResultBuffer(this.#transport.limits.streamBytes, cancel);
    try {
      this.#told('call', ctxt, method, async () => {
        const reply = await this.#exchange(ctxt, method, args, {
          ...this.#callOptions,
          signal: controller.signal,
          onResult: (result) => buffer.push(result),
        });
        if (reply.results === undefined) buffer.push(reply.result);
      })
        .then(
          () => buffer.end(),
          (error: unknown) => buffer.end({ error }),
        )
        // Its reader may never come back.
        .finally(stopFollowing);
      for (let item = await buffer.take(); item !== undefined; item = await buffer.take()) {
        yield this.#serializer.deserializeEntity(ctxt, item.result);
      }
    } finally {
      stopFollowing();
      cancel(new CallCancelled(`Nobody reads the results of ${method} any more`));
    }
  }

  /**
   * Sends the request and does not wait for it to run. Resolves once the transport has taken responsibility.
   * On a target with `fanout`, every server of the topic gets it.
   *
   * @throws as `call`, as far as sending goes
   */
  cast(ctxt: RpcContext, method: string, args: object = {}): Promise<void> {
    const kind = this.target.fanout ? 'fanout' : 'cast';
    return this.#told(kind, ctxt, method, async () => {
      await this.#send(kind, ctxt, method, args, castSendOptions(this.#options));
    });
  }

  get #version(): string {
    return this.target.version ?? DEFAULT_VERSION;
  }

  #exchange(ctxt: RpcContext, method: string, args: object, options: SendOptions): Promise<Reply> {
    if (this.target.fanout) throw new InvalidTarget('A call cannot be used with fanout', this.target);
    return this.#send('call', ctxt, method, args, options);
  }

  /** Within the hooks. */
  #send(
    kind: OutgoingRpc['kind'],
    ctxt: RpcContext,
    method: string,
    args: object,
    options: SendOptions,
  ): Promise<Reply> {
    const request = this.#makeRequest(ctxt, method, args);
    const { aroundSend } = this.#transport.hooks;
    if (aroundSend === undefined) return this.#transmit(request, options);
    // A copy: the context may be the caller's own object.
    const rpc = { kind, target: this.target, method, ctxt: { ...request.ctxt } };
    return aroundSend(rpc, () => this.#transmit({ ...request, ctxt: rpc.ctxt }, options));
  }

  #makeRequest(ctxt: RpcContext, method: string, args: object): Request {
    const { topic, namespace, version } = this.target;
    if (topic === undefined) throw new InvalidTarget('A topic is required to send', this.target);
    checkRequest(method, args);
    if (!this.#namesChecked) checkRequestNames(this.target);
    this.#namesChecked = true;
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

  /** @throws what the method threw */
  async #transmit(request: Request, options: SendOptions): Promise<Reply> {
    // Before or meanwhile: a hook, or a serializer, may have taken its time.
    refuseAborted(request.message.method, options.signal);
    const { activity, driver, allowedRemoteExmods } = this.#transport;
    const entry = activity.calls.add(new Waiting(this.target, request, options));
    let reply: Reply | undefined;
    try {
      reply = await driver.send(this.target, request, options);
    } catch (error) {
      throw error instanceof MessagingError ? error : new ClientSendError(this.target, error);
    } finally {
      activity.calls.remove(entry);
    }
    if (!options.waitForReply) return NO_REPLY;
    if (reply === undefined) throw new ClientSendError(this.target, 'the driver returned no reply');
    if (reply.failure === null) return reply;
    throw deserializeFailure(reply.failure, { allowedModules: allowedRemoteExmods });
  }

  /** Tells the hooks of the outcome, before the caller learns of it. */
  #told<T>(kind: OutgoingRpc['kind'], ctxt: RpcContext, method: string, send: () => Promise<T>): Promise<T> {
    const { hooks, name } = this.#transport;
    const { onRpc } = hooks;
    if (onRpc === undefined) return send();
    const rpc = { side: 'client', transportName: name, kind, target: this.target, method, ctxt } as const;
    const startedAt = Date.now();
    const start = performance.now();
    const tell = (outcome: { error?: unknown }): void =>
      onRpc({ ...rpc, startedAt, duration: performance.now() - start, ...outcome });
    const sent = send();
    sent.then(
      () => tell({}),
      (error: unknown) => tell({ error }),
    );
    return sent;
  }
}

/** What a cast comes back with. */
const NO_REPLY: Reply = { result: null, failure: null };

/** A server could only drop such a message. @throws TypeError */
function checkRequest(method: unknown, args: unknown): void {
  if (typeof method !== 'string' || method === '') throw new TypeError('The method needs a name');
  checkWord('method', method);
  if (typeof args !== 'object' || args === null || Array.isArray(args) || Symbol.iterator in args) {
    throw new TypeError(`The arguments of ${method} are not an object with their names`);
  }
}

/** @throws CallCancelled */
function refuseAborted(method: string, signal: AbortSignal | null | undefined): void {
  if (!signal?.aborted) return;
  throw new CallCancelled(`${method} was cancelled before it was sent`, { cause: signal.reason });
}
