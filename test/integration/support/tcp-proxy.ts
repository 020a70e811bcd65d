import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

interface Pair {
  client: Socket;
  broker: Socket;
}

/** A network between a client and a broker that can be made to fail. */
export class TcpProxy {
  readonly port: number;
  private readonly server: Server;
  private readonly pairs = new Set<Pair>();
  private swallowing = { fromClient: false, fromBroker: false };

  private constructor(server: Server, brokerPort: number) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => this.join(client, connect(brokerPort, '127.0.0.1')));
  }

  static async to(brokerPort: number): Promise<TcpProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, brokerPort);
  }

  /** From now on, what one side sends is lost, and nobody is told. */
  swallow(sides: { fromClient?: boolean; fromBroker?: boolean }): void {
    this.swallowing = { fromClient: false, fromBroker: false, ...sides };
  }

  /** Breaks all connections; new ones work again. */
  reset(): void {
    this.swallow({});
    for (const { client, broker } of this.pairs) {
      client.destroy();
      broker.destroy();
    }
  }

  async close(): Promise<void> {
    this.reset();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(client: Socket, broker: Socket): void {
    const pair = { client, broker };
    this.pairs.add(pair);
    client.setNoDelay(true);
    broker.setNoDelay(true);
    client.on('data', (data) => this.swallowing.fromClient || broker.write(data));
    broker.on('data', (data) => this.swallowing.fromBroker || client.write(data));
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      socket.on('error', () => {});
      socket.on('close', () => {
        this.pairs.delete(pair);
        other.destroy();
      });
    }
  }
}
