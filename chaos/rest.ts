import type { Ledger, Outcome } from './ledger.ts';

/** Seconds. */
const TIMEOUT = 30;

export interface Answer {
  outcome: Outcome;
  body: unknown;
}

/** What to boot. */
export interface Template {
  flavorRef: string;
  imageRef: string;
}

/** The smallest flavor and the first image. @throws Error when the API does not answer as it should */
export async function findTemplate(endpoint: string): Promise<Template> {
  const list = async <T>(what: string): Promise<T[]> => {
    const answer = await fetch(`${endpoint}/${what}`, { signal: AbortSignal.timeout(TIMEOUT * 1000) });
    return ((await answer.json()) as Record<string, T[]>)[what] ?? [];
  };
  const [flavor] = await list<{ id: string }>('flavors');
  const [image] = await list<{ id: string }>('images');
  if (flavor === undefined || image === undefined) throw new Error('There is nothing to boot');
  return { flavorRef: flavor.id, imageRef: image.id };
}

/** The compute API, as used by a user who records the outcome of each request. */
export class Rest {
  readonly #endpoint: string;
  readonly #template: Template;
  readonly #ledger: Ledger;

  constructor(endpoint: string, template: Template, ledger: Ledger) {
    this.#endpoint = endpoint;
    this.#template = template;
    this.#ledger = ledger;
  }

  /** Undefined if it was not accepted, as far as is known. */
  async boot(name: string): Promise<string | undefined> {
    const server = { name, ...this.#template, networks: 'auto' };
    const { outcome, body } = await this.#ask('boot', 'POST', '/servers', { server });
    if (outcome !== 'accepted') return undefined;
    const { id } = (body as { server: { id: string } }).server;
    this.#ledger.booted.add(id);
    return id;
  }

  async delete(id: string): Promise<Outcome> {
    const { outcome } = await this.#ask('delete', 'DELETE', `/servers/${id}`);
    if (outcome === 'accepted') this.#ledger.deleted.add(id);
    if (outcome === 'unanswered' || outcome === 'unavailable') this.#ledger.maybeDeleted.add(id);
    return outcome;
  }

  async act(id: string, action: 'os-start' | 'os-stop' | 'reboot'): Promise<Outcome> {
    const body = { [action]: action === 'reboot' ? { type: 'HARD' } : null };
    return (await this.#ask(action, 'POST', `/servers/${id}/action`, body)).outcome;
  }

  async attach(id: string): Promise<Outcome> {
    return (await this.#ask('attach', 'POST', `/servers/${id}/os-interface`, { interfaceAttachment: {} }))
      .outcome;
  }

  /** Of the newest interface, as long as there are several. */
  async detach(id: string): Promise<Outcome> {
    const ports = await this.ports(id);
    const port = ports.length > 1 ? ports.at(-1) : undefined;
    if (port === undefined) return 'refused';
    return (await this.#ask('detach', 'DELETE', `/servers/${id}/os-interface/${port}`)).outcome;
  }

  /** All existing servers, as far as they fit on a page; none when nobody answers. */
  async servers(): Promise<string[]> {
    const { body } = await this.#ask('list', 'GET', '/servers');
    const { servers = [] } = (body ?? {}) as { servers?: { id: string }[] };
    return servers.map(({ id }) => id);
  }

  async ports(id: string): Promise<string[]> {
    const { body } = await this.#ask('interfaces', 'GET', `/servers/${id}/os-interface`);
    const { interfaceAttachments = [] } = (body ?? {}) as {
      interfaceAttachments?: { port_id: string }[];
    };
    return interfaceAttachments.map(({ port_id }) => port_id);
  }

  /** A server's state and current task; undefined when it has gone, or nobody answers. */
  async state(id: string): Promise<{ vm: string | null; task: string | null } | undefined> {
    const { outcome, body } = await this.#ask('show', 'GET', `/servers/${id}`);
    if (outcome !== 'accepted') return undefined;
    const { server } = body as { server: Record<string, string | null> };
    return { vm: server['OS-EXT-STS:vm_state'] ?? null, task: server['OS-EXT-STS:task_state'] ?? null };
  }

  async #ask(operation: string, method: string, path: string, body?: object): Promise<Answer> {
    const answer = await this.#fetch(method, path, body);
    this.#ledger.count(operation, answer.outcome);
    if (answer.outcome === 'failed') {
      this.#ledger.failures.push(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    }
    return answer;
  }

  async #fetch(method: string, path: string, body?: object): Promise<Answer> {
    try {
      const response = await fetch(`${this.#endpoint}${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        signal: AbortSignal.timeout(TIMEOUT * 1000),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { outcome: outcomeOf(response.status), body: parsed(text) };
    } catch {
      return { outcome: 'unanswered', body: undefined }; // refused, reset or too late: the API was killed
    }
  }
}

function outcomeOf(status: number): Outcome {
  if (status < 300) return 'accepted';
  if (status < 500) return 'refused';
  return status === 503 ? 'unavailable' : 'failed';
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text; // not one of ours; it is shown as it came
  }
}
