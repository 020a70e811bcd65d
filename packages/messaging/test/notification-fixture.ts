import { randomUUID } from 'node:crypto';
import { test } from 'vitest';
import { getTransport, silentLogger, Target, type Transport, type TransportOptions } from '../index.ts';
import {
  type BatchNotificationListenerOptions,
  getBatchNotificationListener,
  getNotificationListener,
  type NotificationEndpoint,
  type NotificationListenerOptions,
  type NotificationMetadata,
  type NotificationServer,
  Notifier,
  type NotifierOptions,
} from '../notify/index.ts';

/** Transports, notifiers and listeners of one test, on a topic of its own. `close` ends all of them. */
export class NotificationFixture {
  readonly topic = `notifications-${randomUUID()}`;
  readonly #url: string;
  readonly #transports: Transport[] = [];
  readonly #listeners: NotificationServer[] = [];

  constructor(url: string) {
    this.#url = url;
  }

  transport(options: Partial<TransportOptions> = {}): Transport {
    const transport = getTransport({ url: this.#url, logger: silentLogger, ...options });
    this.#transports.push(transport);
    return transport;
  }

  /** A notifier on a transport of its own. */
  notifier({ transport = this.transport(), ...options }: NotifierOptions & OnTransport = {}): Notifier {
    return new Notifier(transport, { publisherId: 'compute.host1', topics: [this.topic], ...options });
  }

  /** A started listener on a transport of its own. */
  async listen(
    endpoints: NotificationEndpoint | readonly NotificationEndpoint[],
    { transport = this.transport(), ...options }: NotificationListenerOptions & OnTransport = {},
  ): Promise<NotificationServer> {
    const targets = [new Target({ topic: this.topic })];
    return this.#start(getNotificationListener(transport, targets, [endpoints].flat(), options));
  }

  /** A started batch listener on a transport of its own. */
  async listenForBatches(
    endpoint: NotificationEndpoint,
    { transport = this.transport(), ...options }: BatchNotificationListenerOptions & OnTransport = {},
  ): Promise<NotificationServer> {
    const targets = [new Target({ topic: this.topic })];
    return this.#start(getBatchNotificationListener(transport, targets, [endpoint], options));
  }

  async close(): Promise<void> {
    for (const listener of this.#listeners) await listener.stop();
    for (const transport of this.#transports) await transport.close();
  }

  async #start(listener: NotificationServer): Promise<NotificationServer> {
    this.#listeners.push(listener);
    await listener.start();
    return listener;
  }
}

/** What an endpoint's methods are given. */
export type Info = [object, string | null, string, unknown, NotificationMetadata];

/** An endpoint that notes the payloads it is told of. */
export function watcher(): { payloads: unknown[]; info(...args: Info): void } {
  const payloads: unknown[] = [];
  return { payloads, info: (_ctxt, _publisherId, _eventType, payload) => void payloads.push(payload) };
}

interface OnTransport {
  transport?: Transport;
}

/** A test with a fixture of its own, which is closed after it. */
export function notificationTest(
  title: string,
  url: () => string | Promise<string>,
  run: (fixture: NotificationFixture) => Promise<void>,
): void {
  test(title, async () => {
    const fixture = new NotificationFixture(await url());
    try {
      await run(fixture);
    } finally {
      await fixture.close();
    }
  });
}
