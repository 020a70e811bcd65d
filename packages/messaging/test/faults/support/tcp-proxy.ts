import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type AmqpMethod, FrameFilter, PROTOCOL_HEADER } from './frame-filter.ts';

/** Of each side, a method that never reaches the other. */
interface Ignored {
  fromClient?: AmqpMethod;
  fromBroker?: AmqpMethod;
}

interface Pair {
  client: Socket;
  broker: Socket;
  ignored: Ignored;
}

type Side = 'fromClient' | 'fromBroker';

/** Bytes. Less may be a whole frame, or several. */
const LARGE = 10_000;

/** A network between a client and a broker that can be made to fail. */
export class TcpProxy {
  readonly port: number;
  private readonly server: Server;
  private readonly pairs = new Set<Pair>();
  private swallowing = { fromClient: false, fromBroker: false };
  private ignoring: Ignored = {};
  private cutting: Side | undefined;

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

  /** From now on, such methods of one side never reach the other; everything else goes on. */
  ignore(methods: Ignored): void {
    this.ignoring = methods;
    this.ignoreOnPresent(methods);
  }

  /** The same, on the connections that there are; all passes on new ones. */
  ignoreOnPresent(methods: Ignored): void {
    for (const pair of this.pairs) pair.ignored = methods;
  }

  /**
   * Passes on half of the next large piece of data that the side sends, a part of one frame, and breaks that
   * connection. New ones work.
   */
  cutNextFrame(side: Side): void {
    this.cutting = side;
  }

  /** Has the cut been made? */
  get hasCut(): boolean {
    return this.cutting === undefined;
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
    const pair = { client, broker, ignored: this.ignoring };
    this.pairs.add(pair);
    client.setNoDelay(true);
    broker.setNoDelay(true);
    const filters = { fromClient: new FrameFilter(PROTOCOL_HEADER), fromBroker: new FrameFilter(0) };
    const filtered = (side: Side, data: Buffer) => filters[side].pass(data, pair.ignored[side]);
    client.on('data', (data) => this.pass('fromClient', client, broker, filtered('fromClient', data)));
    broker.on('data', (data) => this.pass('fromBroker', broker, client, filtered('fromBroker', data)));
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

  private pass(side: Side, from: Socket, to: Socket, data: Buffer): void {
    if (this.swallowing[side]) return;
    if (this.cutting !== side || data.length < LARGE) {
      to.write(data);
      return;
    }
    this.cutting = undefined;
    to.end(data.subarray(0, data.length / 2));
    from.destroy();
  }
}
