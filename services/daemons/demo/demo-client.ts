import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { FlavorDocument, ImageDocument, ServerDocument } from '@mini-nova/api/documents';
import type { Timeline } from './timeline.ts';

/** Milliseconds between two looks at the server. */
const PERIOD = 20;

/** What a user of the REST API does in the demo, over HTTP. */
export class DemoClient {
  readonly #endpoint: string;
  readonly #timeline: Timeline;
  readonly #signal: AbortSignal;

  /** `signal` ends all waiting. */
  constructor(endpoint: string, timeline: Timeline, signal: AbortSignal) {
    this.#endpoint = endpoint;
    this.#timeline = timeline;
    this.#signal = signal;
  }

  /** The first image and the smallest flavor. */
  async choose(): Promise<{ imageRef: string; flavorRef: string }> {
    const { images } = await this.#get<{ images: ImageDocument[] }>('/images/detail');
    const { flavors } = await this.#get<{ flavors: FlavorDocument[] }>('/flavors/detail');
    const [image] = images;
    const [flavor] = flavors.sort((a, b) => a.ram - b.ram);
    if (!image || !flavor) throw new Error('There is nothing to boot');
    return { imageRef: image.id, flavorRef: flavor.id };
  }

  /** Boots a server and waits until it is ACTIVE. @throws Error when it is in ERROR */
  async boot(name: string): Promise<ServerDocument> {
    const choice = await this.choose();
    this.#timeline.begin();
    const created = await this.#followed('POST', '/servers', { server: { name, ...choice } });
    const { server } = (await created.json()) as { server: { id: string } };
    for (;;) {
      const shown = await this.#get<{ server: ServerDocument }>(`/servers/${server.id}`);
      if (shown.server.status === 'ACTIVE') return shown.server;
      if (shown.server.status === 'ERROR') throw new Error(`The boot failed: ${shown.server.fault?.message}`);
      await delay(PERIOD, undefined, { signal: this.#signal });
    }
  }

  /** Deletes the server and waits until it is gone. */
  async delete(id: string): Promise<void> {
    await this.#followed('DELETE', `/servers/${id}`);
    while ((await this.#fetch('GET', `/servers/${id}`)).status !== 404) {
      await delay(PERIOD, undefined, { signal: this.#signal });
    }
  }

  /** A request whose RPCs are part of the timeline: its id travels with them. */
  async #followed(method: string, path: string, body?: object): Promise<Response> {
    const id = `req-${randomUUID()}`;
    this.#timeline.follow(id);
    const startedAt = Date.now();
    const response = await this.#fetch(method, path, body, { 'x-openstack-request-id': id });
    this.#timeline.onHttp(`${method} ${path.replace(/(\/[0-9a-f]{8})-[0-9a-f-]+/, '$1…')}`, startedAt);
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  async #get<T>(path: string): Promise<T> {
    const response = await this.#fetch('GET', path);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  #fetch(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return fetch(`${this.#endpoint}${path}`, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: this.#signal,
    });
  }
}
