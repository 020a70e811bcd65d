import {
  type IncomingRpc,
  NoSuchMethod,
  type OutgoingRpc,
  RemoteError,
  type RpcHooks,
  type TransportEvent,
  UnsupportedVersion,
} from '@mini-nova/messaging';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { BoundedLabels } from './bounded-labels.ts';
import { Reconnects } from './reconnects.ts';
import { DURATION_BUCKETS, RpcFigures } from './rpc-figures.ts';

/** The method of requests that no endpoint serves: their callers could make up any number of names. */
const UNKNOWN_METHOD = 'unknown';
const MAX_EVENT_TYPES = 50;

/** Figures of RPCs and transport events: hooks for any number of transports. */
export class RpcMetrics implements RpcHooks {
  readonly #served: RpcFigures;
  readonly #sent: RpcFigures;
  readonly #queueWait: Histogram<'method'>;
  readonly #queueWaits = new Map<string, Histogram.Internal<'method'>>();
  readonly #events: Counter<'type'>;
  readonly #eventTypes = new BoundedLabels(MAX_EVENT_TYPES);
  readonly #reconnects: Reconnects;
  #running = 0;
  #waiting = 0;

  /** @throws Error when the registry has such metrics already */
  constructor(registry: Registry) {
    const registers = [registry];
    this.#served = new RpcFigures(registry, 'server');
    this.#sent = new RpcFigures(registry, 'client');
    this.#queueWait = new Histogram({
      name: 'nova_rpc_queue_wait_seconds',
      help: 'Time between the sending of a request and its delivery, of requests that have ended',
      labelNames: ['method'],
      buckets: DURATION_BUCKETS,
      registers,
    });
    this.#events = new Counter({
      name: 'nova_transport_events_total',
      help: 'What happened to transports',
      labelNames: ['type'],
      registers,
    });
    this.#reconnects = new Reconnects(registry);
    gauge(registry, 'nova_rpc_server_in_flight', 'Requests whose methods run', () => this.#running);
    gauge(registry, 'nova_rpc_client_in_flight', 'Calls that wait for their replies', () => this.#waiting);
  }

  async aroundSend({ kind, method }: OutgoingRpc, next: () => Promise<void>): Promise<void> {
    const start = performance.now();
    if (kind === 'call') this.#waiting += 1;
    try {
      await next();
      this.#sent.succeeded(method, kind, secondsSince(start));
    } catch (error) {
      this.#sent.failed(method, kind, secondsSince(start), error);
    } finally {
      if (kind === 'call') this.#waiting -= 1;
    }
  }

  async aroundServe({ kind, method, queueWait }: IncomingRpc, next: () => Promise<void>): Promise<void> {
    const start = performance.now();
    this.#running += 1;
    try {
      await next();
      this.#observeQueueWait(this.#served.succeeded(method, kind, secondsSince(start)), queueWait);
    } catch (error) {
      const served = isUnserved(error) ? UNKNOWN_METHOD : method;
      this.#observeQueueWait(this.#served.failed(served, kind, secondsSince(start), error), queueWait);
    } finally {
      this.#running -= 1;
    }
  }

  onTransportEvent({ type, data }: TransportEvent): void {
    this.#events.inc({ type: this.#eventTypes.of(type) });
    this.#reconnects.onEvent(type, data.connection);
  }

  /** Only now: until the request has run, it is unknown whether there is such a method. */
  #observeQueueWait(method: string, milliseconds: number | null): void {
    if (milliseconds === null) return;
    let child = this.#queueWaits.get(method);
    if (child === undefined) {
      child = this.#queueWait.labels(method);
      this.#queueWaits.set(method, child);
    }
    // The clocks of two machines are never quite the same.
    child.observe(Math.max(0, milliseconds / 1000));
  }
}

/** Whether this process did not know the method, rather than one that the method called. */
function isUnserved(error: unknown): boolean {
  if (!(error instanceof NoSuchMethod || error instanceof UnsupportedVersion)) return false;
  return !(error.cause instanceof RemoteError);
}

function gauge(registry: Registry, name: string, help: string, value: () => number): void {
  const collect = function (this: Gauge): void {
    this.set(value());
  };
  new Gauge({ name, help, registers: [registry], aggregator: 'sum', collect });
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}
