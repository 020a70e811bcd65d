import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

interface Pair {
  client: Socket;
  server: Socket;
  /** The sides whose data is lost without either side being told. */
  lost: Readonly<Record<Side, boolean>>;
}

type Side = 'client' | 'server';

const nothing = { client: false, server: false };

/** A network in front of a server, which can be made to fail. */
export class TcpProxy {
  readonly port: number;
  private readonly listener: Server;
  private readonly pairs = new Set<Pair>();
  private next: Pair['lost'] = nothing;
  private fromServer = (data: Buffer): Buffer => data;
  private trap: { text: string; sprung: () => void } | undefined;

  private constructor(listener: Server, port: number) {
    this.listener = listener;
    this.port = (listener.address() as AddressInfo).port;
    listener.on('connection', (client) => this.join(client, connect(port, '127.0.0.1')));
  }

  /** `port`: the server's, on this machine. */
  static async to(port: number): Promise<TcpProxy> {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new TcpProxy(listener, port);
  }

  /**
   * From now on, what these sides send on the present connections is lost without notice; new ones work. Returns the
   * number of connections.
   */
  silencePresent(lost: Record<Side, boolean> = { client: true, server: true }): number {
    const { present } = this;
    for (const pair of present) pair.lost = lost;
    return present.length;
  }

  /** The next connection is dead from the start; later ones work. */
  silenceNext(): void {
    this.next = { client: true, server: true };
  }

  /** Breaks the present connections for both sides. Returns their number. */
  breakPresent(): number {
    const { present } = this;
    for (const { client, server } of present) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
    return present.length;
  }

  /**
   * The next connection on which a client sends this breaks once the server has it, before the client has an answer.
   */
  breakAfter(text: string): Promise<void> {
    return new Promise((resolve) => {
      this.trap = { text, sprung: resolve };
    });
  }

  /** Undoes `breakAfter`, if nothing has come of it yet. */
  breakNoMore(): void {
    this.trap = undefined;
  }

  /** Changes what servers send from now on. */
  changeAnswers(change: (data: Buffer) => Buffer): void {
    this.fromServer = change;
  }

  async close(): Promise<void> {
    for (const { client, server } of this.pairs) {
      client.destroy();
      server.destroy();
    }
    this.listener.close();
    await once(this.listener, 'close');
  }

  private join(client: Socket, server: Socket): void {
    const pair: Pair = { client, server, lost: this.next };
    this.next = nothing;
    this.pairs.add(pair);
    for (const side of ['client', 'server'] as const) {
      const other = pair[side === 'client' ? 'server' : 'client'];
      pair[side].setNoDelay(true);
      pair[side].on('data', (data) => {
        if (!pair.lost[side]) other.write(side === 'server' ? this.fromServer(data) : data);
        if (side === 'client' && !pair.lost.client) this.springTrap(pair, data);
      });
      pair[side].on('error', () => {});
      pair[side].on('close', () => {
        // That one side has gone is also lost.
        if (!pair.lost[side]) other.destroy();
        if (client.destroyed && server.destroyed) this.pairs.delete(pair);
      });
    }
  }

  /** Without those that were cut, of which one side may be unaware. */
  private get present(): Pair[] {
    return [...this.pairs].filter(({ client, lost }) => !client.destroyed && !(lost.client && lost.server));
  }

  private springTrap(pair: Pair, data: Buffer): void {
    const { trap } = this;
    if (trap === undefined || !data.includes(trap.text)) return;
    this.trap = undefined;
    pair.lost = { client: true, server: true };
    pair.server.end(); // sends what it was given before
    pair.client.resetAndDestroy();
    trap.sprung();
  }
}
