import { ApiError, CommandError, EndpointUnreachable } from './errors.ts';

export interface RestClientOptions {
  /** With the version: `http://127.0.0.1:8774/v2.1`. */
  endpoint: string;
  /** Seconds a request may take. */
  timeout: number;
  /** Sent along, unless undefined. */
  projectId?: string;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export type Query = Record<string, string | readonly string[] | undefined>;

interface Request {
  method: Method;
  /** Below the endpoint: `/servers`. */
  path: string;
  query?: Query;
  body?: unknown;
}

/** JSON requests to the compute API; each is answered, refused or given up in bounded time. */
export class RestClient {
  readonly endpoint: string;
  readonly #timeout: number;
  readonly #projectId: string | undefined;

  constructor({ endpoint, timeout, projectId }: RestClientOptions) {
    this.endpoint = endpoint.replace(/\/+$/, '');
    this.#timeout = timeout;
    this.#projectId = projectId;
  }

  /** @throws ApiError, EndpointUnreachable */
  async get<T>(path: string, query?: Query): Promise<T> {
    return (await this.#request({ method: 'GET', path, query })) as T;
  }

  /** @throws ApiError, EndpointUnreachable */
  async send<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T> {
    return (await this.#request({ method, path, body })) as T;
  }

  async #request(request: Request): Promise<unknown> {
    const response = await this.#fetch(request);
    const text = await this.#read(() => response.text());
    const document = this.#parse(text, response);
    if (response.ok) return document;
    const requestId = response.headers.get('x-openstack-request-id');
    const message = faultMessage(document) ?? response.statusText;
    throw new ApiError({ status: response.status, message, requestId });
  }

  #fetch({ method, path, query, body }: Request): Promise<Response> {
    const url = `${this.endpoint}${path}${searchOf(query)}`;
    return this.#read(() =>
      fetch(url, {
        method,
        headers: {
          accept: 'application/json',
          'openstack-api-version': 'compute 2.1',
          ...(this.#projectId !== undefined && { 'x-project-id': headerOf(this.#projectId) }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(this.#timeout * 1000),
      }),
    );
  }

  async #read<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  #unreachable(error: unknown): unknown {
    if (error instanceof DOMException && error.name === 'TimeoutError') {
      return new EndpointUnreachable(`ERROR: no answer from ${this.endpoint} within ${this.#timeout} s.`, {
        cause: error,
      });
    }
    // fetch reports every failure of the network as a TypeError that has the reason as its cause.
    if (!(error instanceof TypeError) || !(error.cause instanceof Error)) return error;
    const reason = 'code' in error.cause ? String(error.cause.code) : error.cause.message;
    const hint =
      reason === 'ECONNREFUSED'
        ? 'nothing listens there. Start the cloud with "npm start", or name the API with --endpoint or NOVA_ENDPOINT.'
        : `${reason}.`;
    return new EndpointUnreachable(`ERROR: cannot reach the compute API at ${this.endpoint}: ${hint}`, {
      cause: error,
    });
  }

  #parse(text: string, response: Response): unknown {
    if (text === '') return undefined;
    try {
      return JSON.parse(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new CommandError(
        `ERROR: ${this.endpoint} answered HTTP ${response.status} with something that is not JSON. Is it a compute API?`,
        { cause: error },
      );
    }
  }
}

/** In UTF-8: `fetch` takes a character for each byte. */
function headerOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function searchOf(query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) for (const one of [value].flat()) params.append(name, one);
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

/** The message of `{"badRequest": {"code": 400, "message": "…"}}`, whatever its name. */
function faultMessage(document: unknown): string | undefined {
  if (typeof document !== 'object' || document === null) return undefined;
  const [fault] = Object.values(document);
  return typeof fault === 'object' && fault !== null && typeof fault.message === 'string'
    ? fault.message
    : undefined;
}
