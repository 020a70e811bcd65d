import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from './random.ts';
import type { Rest } from './rest.ts';

/** What users request, each in proportion to its weight. */
export type Demand = Readonly<
  Record<'boot' | 'delete' | 'os-stop' | 'os-start' | 'reboot' | 'attach' | 'detach', number>
>;

export const EVERYTHING: Demand = {
  boot: 6,
  delete: 4,
  'os-stop': 1,
  'os-start': 1,
  reboot: 1,
  attach: 1,
  detach: 1,
};

export const BOOTS_AND_DELETIONS: Demand = {
  boot: 1,
  delete: 1,
  'os-stop': 0,
  'os-start': 0,
  reboot: 0,
  attach: 0,
  detach: 0,
};

export interface LoadOptions {
  /** Requests per second, whatever the answers. */
  rate: number;
  demand: Demand;
}

/** The number of servers above which more are deleted than booted. */
const CROWD = 60;

/** Users who boot servers, use and delete them. */
export class Load {
  readonly #rest: Rest;
  readonly #random: Random;
  readonly #options: LoadOptions;
  readonly #servers = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #looping: Promise<void> | undefined;
  #booted = 0;

  constructor(rest: Rest, random: Random, options: LoadOptions) {
    this.#rest = rest;
    this.#random = random;
    this.#options = options;
  }

  start(): void {
    this.#looping = this.#loop();
  }

  /** Resolves when the last request has its answer. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#looping;
    await Promise.all(this.#running);
  }

  async #loop(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const request = this.#next();
      this.#running.add(request);
      void request.finally(() => this.#running.delete(request));
      await sleep((1000 / this.#options.rate) * this.#random.between(0.5, 1.5));
    }
  }

  async #next(): Promise<void> {
    const operation = this.#random.weighted(this.#options.demand);
    const server = this.#random.pick([...this.#servers]);
    if (server === undefined || (operation === 'boot' && this.#servers.size < CROWD)) return this.#boot();
    if (operation === 'boot' || operation === 'delete') return this.#delete(server);
    if (operation === 'attach') await this.#rest.attach(server);
    else if (operation === 'detach') await this.#rest.detach(server);
    else await this.#rest.act(server, operation);
  }

  async #boot(): Promise<void> {
    this.#booted += 1;
    const id = await this.#rest.boot(`chaos-${this.#booted}`);
    if (id !== undefined) this.#servers.add(id);
  }

  async #delete(server: string): Promise<void> {
    const outcome = await this.#rest.delete(server);
    if (outcome === 'accepted' || outcome === 'refused') this.#servers.delete(server);
  }
}
