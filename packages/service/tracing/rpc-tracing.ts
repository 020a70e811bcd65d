import type { IncomingRpc, JsonObject, OutgoingRpc, RpcHooks, Target } from '@mini-nova/messaging';
import type { SpanAttributes, SpanKind, SpanOptions, TracerBackend } from './tracer.ts';

/**
 * Makes spans of RPCs: one at each end, joined by W3C's `traceparent` and `tracestate` in the context that travels with the
 * message. Their attributes follow OpenTelemetry's conventions for RPC and messaging.
 */
export class RpcTracing implements RpcHooks {
  readonly #tracer: TracerBackend;

  constructor(tracer: TracerBackend) {
    this.#tracer = tracer;
  }

  aroundSend(rpc: OutgoingRpc, next: () => Promise<void>): Promise<void> {
    const { ctxt, kind } = rpc;
    const options: SpanOptions = {
      kind: kind === 'call' ? 'client' : 'producer',
      attributes: attributesOf(rpc),
      // Where the work left its span's scope, its request context still knows which trace it is part of.
      ...(this.#tracer.current() === undefined && { parent: ctxt }),
    };
    return this.#tracer.withSpan(nameOf(rpc), options, () => {
      this.#inject(ctxt);
      return next();
    });
  }

  aroundServe(rpc: IncomingRpc, next: () => Promise<void>): Promise<void> {
    const { ctxt, kind, queueWait, attempt } = rpc;
    const spanKind: SpanKind = kind === 'call' ? 'server' : 'consumer';
    const attributes: SpanAttributes = {
      ...attributesOf(rpc),
      ...(queueWait !== null && { 'nova.rpc.queue_wait': Math.max(0, queueWait) / 1000 }),
      ...(attempt > 1 && { 'nova.rpc.attempt': attempt }),
    };
    // A message is delivered within whatever span its connection was opened in, so only its content says where it
    // belongs.
    return this.#tracer.withSpan(nameOf(rpc), { kind: spanKind, attributes, parent: ctxt }, next);
  }

  #inject(ctxt: JsonObject): void {
    const context = this.#tracer.current();
    if (context === undefined) return;
    // A tracestate that came with the current request must not be sent on with another traceparent.
    delete ctxt.tracestate;
    Object.assign(ctxt, context);
  }
}

interface Rpc {
  readonly kind: string;
  readonly target: Target;
  readonly method: string;
  readonly ctxt: JsonObject;
}

function nameOf({ target, method }: Rpc): string {
  return `${target.topic} ${method}`;
}

function attributesOf({ kind, target, method, ctxt }: Rpc): SpanAttributes {
  const { topic, namespace, version, server } = target;
  const { request_id } = ctxt;
  return {
    'rpc.system.name': 'oslo.messaging',
    'rpc.method': method,
    'nova.rpc.kind': kind,
    ...(topic !== undefined && { 'messaging.destination.name': topic }),
    ...(server !== undefined && { 'server.address': server }),
    ...(namespace !== null && { 'nova.rpc.namespace': namespace }),
    ...(version !== undefined && { 'nova.rpc.version': version }),
    ...(typeof request_id === 'string' && { 'nova.request_id': request_id }),
  };
}
