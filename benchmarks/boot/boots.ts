import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two checks of what is still being built. */
const PERIOD = 500;
/** Seconds. */
const TIMEOUT = 600;

interface Answer {
  status: number;
  body: string;
}

/** A user of the REST API who boots servers, all at once. */
export class Booter {
  readonly #endpoint: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  /** Resolves when all are ACTIVE. @throws Error when one is refused or ends in another state */
  async boot(count: number): Promise<void> {
    const imageRef = await this.#imageRef();
    const boots = Array.from({ length: count }, (_, n) =>
      this.#ask('POST', '/servers', { server: { name: `boot-${n}`, imageRef, flavorRef: '1' } }, 202),
    );
    await Promise.all(boots);
    const deadline = performance.now() + TIMEOUT * 1000;
    while (await this.#has('BUILD')) {
      if (performance.now() > deadline) throw new Error(`Servers are in status BUILD after ${TIMEOUT} s`);
      await sleep(PERIOD);
    }
    if (await this.#has('ERROR')) throw new Error('A server is in status ERROR');
  }

  close(): void {
    this.#agent.destroy();
  }

  async #imageRef(): Promise<string> {
    const { images } = (await this.#ask('GET', '/images')) as { images: { id: string }[] };
    const [image] = images;
    if (image === undefined) throw new Error('There is no image');
    return image.id;
  }

  async #has(status: string): Promise<boolean> {
    const { servers } = (await this.#ask('GET', `/servers?status=${status}&limit=1`)) as {
      servers: unknown[];
    };
    return servers.length > 0;
  }

  async #ask(method: string, path: string, body?: object, wanted = 200): Promise<unknown> {
    const answer = await this.#send(method, path, body);
    if (answer.status !== wanted) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body);
  }

  #send(method: string, path: string, body?: object): Promise<Answer> {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    return new Promise((resolve, reject) => {
      const outgoing = request(
        `${this.#endpoint}${path}`,
        { method, headers, agent: this.#agent },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (part: string) => {
            text += part;
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
          response.on('error', reject);
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
