import { randomUUID } from 'node:crypto';
import {
  getRpcServer,
  getTransport,
  RPCClient,
  type RPCClientOptions,
  type RPCServer,
  type RPCServerOptions,
  silentLogger,
  Target,
  type TargetOptions,
  type Transport,
  type TransportOptions,
} from '../index.ts';

/** The context of calls that do not care about it. */
export const CTXT = { user_id: 'u', project_id: 'p', request_id: 'req-1' };

/** Transports, servers and clients of one test, on a topic of its own. `close` ends all of them. */
export class RpcFixture {
  readonly topic = `test-${randomUUID()}`;
  readonly #url: string;
  readonly #transports: Transport[] = [];
  readonly #servers: RPCServer[] = [];

  constructor(url: string) {
    this.#url = url;
  }

  transport(options: Partial<TransportOptions> = {}): Transport {
    const transport = getTransport({ url: this.#url, logger: silentLogger, ...options });
    this.#transports.push(transport);
    return transport;
  }

  /** A started server on a transport of its own. */
  async serve(
    endpoints: object | readonly object[],
    { topic = this.topic, server = 'host1', transport = this.transport(), ...options }: ServeOptions = {},
  ): Promise<RPCServer> {
    const target = new Target({ topic, server });
    const rpcServer = getRpcServer(transport, target, [endpoints].flat(), options);
    this.#servers.push(rpcServer);
    await rpcServer.start();
    return rpcServer;
  }

  /** A client on a transport of its own. */
  client({ transport = this.transport(), target, ...options }: ClientOptions = {}): RPCClient {
    return new RPCClient(transport, new Target({ topic: this.topic, ...target }), {
      timeout: 60,
      ...options,
    });
  }

  async close(): Promise<void> {
    for (const server of this.#servers) await server.stop();
    for (const transport of this.#transports) await transport.close();
  }
}

interface ServeOptions extends RPCServerOptions {
  topic?: string;
  server?: string;
  transport?: Transport;
}

interface ClientOptions extends RPCClientOptions {
  target?: TargetOptions;
  transport?: Transport;
}

/** A promise to be settled from outside. */
export class Gate {
  readonly opened: Promise<void>;
  #isOpen = false;
  #open: () => void = () => {};

  constructor() {
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(): void {
    this.#isOpen = true;
    this.#open();
  }
}
