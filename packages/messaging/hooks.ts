import type { JsonObject } from './json.ts';
import { type Logger, logThrown } from './logger.ts';
import type { RpcContext } from './serializers.ts';
import type { Target } from './target.ts';

/** An RPC that is about to be sent. */
export interface OutgoingRpc {
  readonly kind: 'call' | 'cast' | 'fanout';
  readonly target: Target;
  readonly method: string;
  /** The context as it travels, a copy: keys that a hook adds reach the server. */
  readonly ctxt: JsonObject;
}

/** A request that is about to run. */
export interface IncomingRpc {
  readonly kind: 'call' | 'cast';
  /** The server's, with the request's namespace and version. */
  readonly target: Target;
  readonly method: string;
  /** The context as it arrived, before the serializer reads it. */
  readonly ctxt: JsonObject;
  /** Milliseconds between sending and delivery, as far as known. */
  readonly queueWait: number | null;
  /** 1, or more when it has failed before (ackPolicy `after`). */
  readonly attempt: number;
}

/** The events of a transport. A driver may emit more; those that do not apply to it never occur. */
export type TransportEventType =
  | 'connected'
  | 'disconnected'
  | 'channel_lost'
  | 'consumer_cancelled'
  | 'returned'
  | 'duplicate_dropped'
  | 'expired_dropped'
  | 'refused'
  | 'abandoned'
  | 'retried'
  | 'dead_lettered'
  | 'server_lost'
  | (string & {});

/** Something that happened to a transport, for metrics. */
export interface TransportEvent {
  readonly type: TransportEventType;
  /** What is known of it: a queue's name, a method, a reason. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** One finished RPC, seen from one end. */
export interface RpcEvent {
  readonly side: 'client' | 'server';
  readonly kind: 'call' | 'cast' | 'fanout';
  /** The name given to the transport (`getTransport({ name })`), or ''. */
  readonly transportName: string;
  readonly target: Target;
  readonly method: string;
  /** As the caller gave it, or as the server's serializer has read it. */
  readonly ctxt: RpcContext;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly error?: unknown;
}

/**
 * Where metrics, tracing and logs plug in. A hook that throws is logged, and the RPC goes on; without hooks, none of this
 * costs anything.
 *
 * `next` runs the RPC, within the hook's asynchronous context, and rejects with its error; calling it again does
 * nothing more. A hook that does not call it only delays the RPC until the hook has ended, or for a second.
 */
export interface RpcHooks {
  /** Around the sending of a cast, or around a call until its reply. */
  aroundSend?(rpc: OutgoingRpc, next: () => Promise<void>): unknown;
  /** Around the run of an endpoint's method, all its results included. */
  aroundServe?(rpc: IncomingRpc, next: () => Promise<void>): unknown;
  /** Called for each finished RPC, even one that was not sent. Must be quick: it runs in the RPC's path. */
  onRpc?(event: RpcEvent): void;
  /** Must be quick: it runs in the transport's path. */
  onTransportEvent?(event: TransportEvent): void;
}

/** How long (ms) an RPC waits for a hook that neither calls `next` nor ends. */
const HOOK_PATIENCE = 1_000;

type Around<Rpc> = (rpc: Rpc, next: () => Promise<void>) => unknown;

/** Runs an RPC within the hooks of one kind. Its outcome is the RPC's own, whatever the hooks do. */
export type HookChain<Rpc> = <T>(rpc: Rpc, inner: () => Promise<T>) => Promise<T>;

/** The first hook is the outermost; undefined without hooks. */
export function chainOf<Rpc>(hooks: readonly Around<Rpc>[], logger: Logger): HookChain<Rpc> | undefined {
  if (hooks.length === 0) return undefined;
  return <T>(rpc: Rpc, inner: () => Promise<T>) => {
    const around = (next: () => Promise<T>, hook: Around<Rpc>) => () => within(hook, rpc, next, logger);
    return hooks.reduceRight(around, inner)();
  };
}

function within<Rpc, T>(hook: Around<Rpc>, rpc: Rpc, inner: () => Promise<T>, logger: Logger): Promise<T> {
  return new Promise((resolve) => {
    let outcome: Promise<void> | undefined;
    let patience: NodeJS.Timeout | undefined;
    const failure: { error?: unknown } = {};
    const next = (): Promise<void> => {
      if (outcome === undefined) {
        clearTimeout(patience);
        const run = inner();
        resolve(run);
        outcome = run.then(
          () => {},
          (error: unknown) => {
            failure.error = error;
            throw error;
          },
        );
        // A hook need not look at it; the caller does.
        outcome.catch(() => {});
      }
      return outcome;
    };
    // It may be asynchronous, or throw at once.
    const hooked = async (): Promise<unknown> => hook(rpc, next);
    hooked()
      .catch((error: unknown) => {
        if ('error' in failure && failure.error === error) return;
        logThrown(logger, error, {}, 'An RPC hook failed');
      })
      .finally(() => void next());
    // Most hooks have called it by now.
    if (outcome !== undefined) return;
    patience = setTimeout(() => {
      logger.error({ waited_ms: HOOK_PATIENCE }, 'An RPC hook does not call next: the RPC goes on');
      void next();
    }, HOOK_PATIENCE);
  });
}

/** A transport's hooks, by what they want; undefined where none wants anything. */
export class Hooks {
  readonly aroundSend: HookChain<OutgoingRpc> | undefined;
  readonly aroundServe: HookChain<IncomingRpc> | undefined;
  readonly onRpc: ((event: RpcEvent) => void) | undefined;
  readonly onTransportEvent: ((event: TransportEvent) => void) | undefined;

  constructor(hooks: readonly RpcHooks[] = [], logger: Logger) {
    const sending = hooks.flatMap((hook) => hook.aroundSend?.bind(hook) ?? []);
    const serving = hooks.flatMap((hook) => hook.aroundServe?.bind(hook) ?? []);
    const watching = hooks.flatMap((hook) => hook.onRpc?.bind(hook) ?? []);
    const watchingTransport = hooks.flatMap((hook) => hook.onTransportEvent?.bind(hook) ?? []);
    this.aroundSend = chainOf(sending, logger);
    this.aroundServe = chainOf(serving, logger);
    this.onRpc = tellerOf(watching, (error, { method }) =>
      logThrown(logger, error, { method }, 'An RPC hook failed'),
    );
    this.onTransportEvent = tellerOf(watchingTransport, (error, { type }) =>
      logThrown(logger, error, { event: type }, 'A transport event hook failed'),
    );
  }
}

/** Tells all. Whatever one throws, at once or later, what it watches must not notice. */
function tellerOf<Event>(
  listeners: readonly ((event: Event) => unknown)[],
  onFailure: (error: unknown, event: Event) => void,
): ((event: Event) => void) | undefined {
  if (listeners.length === 0) return undefined;
  return (event) => {
    for (const listener of listeners) {
      try {
        const result = listener(event);
        if (result instanceof Promise) result.catch((error: unknown) => onFailure(error, event));
      } catch (error) {
        onFailure(error, event);
      }
    }
  };
}
