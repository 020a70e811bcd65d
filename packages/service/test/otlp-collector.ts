import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A span as a collector gets it, with its attributes by name. */
export interface CollectedSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  traceState: string | undefined;
  name: string;
  kind: string;
  failed: boolean;
  message: string | undefined;
  attributes: Record<string, unknown>;
  events: { name: string; attributes: Record<string, unknown> }[];
  service: unknown;
}

interface OtlpAttribute {
  key: string;
  value: Record<string, unknown>;
}

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  traceState?: string;
  name: string;
  kind: number;
  status: { code: number; message?: string };
  attributes: OtlpAttribute[];
  events: { name: string; attributes: OtlpAttribute[] }[];
}

interface OtlpTraces {
  resourceSpans: { resource: { attributes: OtlpAttribute[] }; scopeSpans: { spans: OtlpSpan[] }[] }[];
}

const KINDS = ['', 'internal', 'server', 'client', 'producer', 'consumer'];
const FAILED = 2;

/** Takes traces over OTLP/HTTP as JSON. */
export class OtlpCollector {
  readonly spans: CollectedSpan[] = [];
  readonly requests: { path: string; headers: IncomingHttpHeaders }[] = [];
  /** Its answer; `hang`: none. */
  answer: number | 'hang' = 200;
  readonly #server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    this.requests.push({ path: request.url ?? '', headers: request.headers });
    if (this.answer === 'hang') return;
    if (this.answer === 200) this.#take(JSON.parse(Buffer.concat(chunks).toString()));
    response.writeHead(this.answer, { 'content-type': 'application/json' }).end('{}');
  });

  /** It is stopped when the test ends. */
  static async start(port = 0): Promise<OtlpCollector> {
    const collector = new OtlpCollector();
    collector.#server.listen(port, '127.0.0.1');
    await once(collector.#server, 'listening');
    onTestFinished(() => collector.stop());
    return collector;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The one span of this name, and kind if it is given. */
  span(name: string, kind?: string): CollectedSpan {
    const found = this.spans.filter((span) => span.name === name && (kind ?? span.kind) === span.kind);
    const [span] = found;
    if (span === undefined || found.length > 1) {
      const all = this.spans.map((other) => `${other.kind} ${other.name}`);
      throw new Error(`There are ${found.length} spans ${kind ?? ''} ${name} among ${all.join(', ')}`);
    }
    return span;
  }

  /** Each span below its parent, as `kind name`; spans of one parent in the order of their names. */
  tree(): TraceTree[] {
    const ids = new Set(this.spans.map(({ spanId }) => spanId));
    return this.#under((parent) => parent === undefined || !ids.has(parent));
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #under(isParent: (id: string | undefined) => boolean): TraceTree[] {
    const spans = this.spans.filter(({ parentSpanId }) => isParent(parentSpanId));
    const trees = spans.map((span): TraceTree => {
      const children = this.#under((parent) => parent === span.spanId);
      const name = `${span.kind} ${span.name}`;
      return children.length === 0 ? name : [name, ...children];
    });
    return trees.sort((a, b) => String(a).localeCompare(String(b)));
  }

  #take({ resourceSpans }: OtlpTraces): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = valuesOf(resource.attributes)['service.name'];
      for (const { spans } of scopeSpans) this.spans.push(...spans.map((span) => collected(span, service)));
    }
  }
}

/** A span's name, or the name with the trees of the spans under it. */
export type TraceTree = string | [string, ...TraceTree[]];

function collected(span: OtlpSpan, service: unknown): CollectedSpan {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    traceState: span.traceState,
    name: span.name,
    kind: KINDS[span.kind] ?? String(span.kind),
    failed: span.status.code === FAILED,
    message: span.status.message,
    attributes: valuesOf(span.attributes),
    events: span.events.map(({ name, attributes }) => ({ name, attributes: valuesOf(attributes) })),
    service,
  };
}

function valuesOf(attributes: readonly OtlpAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
