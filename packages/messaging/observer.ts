import type { RpcContext } from './serializer.ts';
import type { Target } from './target.ts';

/** One finished RPC, seen from one end. Metrics, tracing and the demo's timeline listen to these. */
export interface RpcEvent {
  side: 'client' | 'server';
  kind: 'call' | 'cast' | 'fanout';
  /** The name given to the transport (`getTransport({ name })`), or ''. */
  transportName: string;
  target: Target;
  method: string;
  ctxt: RpcContext;
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** Milliseconds. */
  duration: number;
  error?: unknown;
}

/** Called after each RPC. It must not throw, and must be quick: it runs in the call's path. */
export type RpcObserver = (event: RpcEvent) => void;
