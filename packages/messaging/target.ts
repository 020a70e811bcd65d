import { given } from './collections.ts';

/** What a `Target` is made of. For `Target.with`, `null` takes a part away and `undefined` leaves it. */
export interface TargetOptions {
  exchange?: string | null;
  topic?: string | null;
  namespace?: string | null;
  version?: string | null;
  server?: string | null;
  fanout?: boolean | null;
  legacyNamespaces?: readonly (string | null)[];
}

/**
 * Where a message goes, or what a server or an endpoint answers to. Immutable.
 *
 * - A client's target needs `topic`; `server` addresses one server of the topic, `fanout` all of them.
 * - A server's target needs `topic` and `server`.
 * - An endpoint's target may have `namespace`, `version` and `legacyNamespaces`; the rest is ignored.
 */
export class Target {
  /** The scope of topics; the transport's control exchange when absent. */
  readonly exchange: string | undefined;
  /** What kind of server: `compute`. Servers of one topic share its messages. */
  readonly topic: string | undefined;
  /** Which of a server's interfaces; null is the root namespace. */
  readonly namespace: string | null;
  /** `<major>.<minor>`: of a message, what it needs; of an endpoint, the newest it serves. */
  readonly version: string | undefined;
  readonly server: string | undefined;
  readonly fanout: boolean;
  /** Further namespaces an endpoint answers to, to rename one across a rolling upgrade. */
  readonly legacyNamespaces: readonly (string | null)[];

  /** @throws TypeError when a part is no text, or a name is empty */
  constructor(options: TargetOptions = {}) {
    checkParts(options);
    this.exchange = options.exchange ?? undefined;
    this.topic = options.topic ?? undefined;
    this.namespace = options.namespace ?? null;
    this.version = options.version ?? undefined;
    this.server = options.server ?? undefined;
    this.fanout = options.fanout ?? false;
    this.legacyNamespaces = options.legacyNamespaces ?? [];
  }

  /** All namespaces an endpoint with this target answers to. */
  get acceptedNamespaces(): readonly (string | null)[] {
    return [this.namespace, ...this.legacyNamespaces];
  }

  /** A new target that differs in the given parts. @throws TypeError as the constructor */
  with(options: TargetOptions): Target {
    return new Target({ ...this, ...given(options) });
  }

  equals(other: Target): boolean {
    return (
      PARTS.every((part) => this[part] === other[part]) &&
      this.legacyNamespaces.length === other.legacyNamespaces.length &&
      this.legacyNamespaces.every((namespace, index) => namespace === other.legacyNamespaces[index])
    );
  }

  toString(): string {
    const parts = PARTS.filter((part) => this[part]).map((part) => `${part}=${this[part]}`);
    return parts.length === 0 ? '<Target>' : `<Target ${parts.join(', ')}>`;
  }
}

const PARTS = ['exchange', 'topic', 'namespace', 'version', 'server', 'fanout'] as const;

/** A lone surrogate would arrive as another character. */
const HALF = /\p{Surrogate}/u;

/** Anything but text would be refused only at the far end or, as a queue's name, never be consumed. */
function checkParts(options: TargetOptions): void {
  for (const part of ['exchange', 'topic', 'server'] as const) {
    const value: unknown = options[part];
    if (value != null && (typeof value !== 'string' || value === '' || HALF.test(value))) {
      throw new TypeError(`${part} is ${shown(value)}, but must be a name`);
    }
  }
  for (const part of ['namespace', 'version'] as const) {
    const value: unknown = options[part];
    if (value != null && typeof value !== 'string')
      throw new TypeError(`${part} is ${shown(value)}, but must be text`);
  }
  if (options.fanout != null && typeof options.fanout !== 'boolean') {
    throw new TypeError(`fanout is ${shown(options.fanout)}, but must be true or false`);
  }
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : `of type ${typeof value}`;
}
