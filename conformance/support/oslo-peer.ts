import { fileURLToPath } from 'node:url';
import { PythonProcess } from './python-process.ts';

const SCRIPT = fileURLToPath(new URL('./peer/oslo_peer.py', import.meta.url));

/** With the names of Python's Target. */
export interface OsloTarget {
  exchange: string;
  topic: string;
  server?: string;
  fanout?: boolean;
  namespace?: string;
  version?: string;
}

/** See peer_endpoints.py. */
export type PeerEndpoint = 'root' | 'named' | 'renamed' | 'next_major' | 'guarded';

export interface Serving {
  /** Default: root. */
  endpoints?: PeerEndpoint[];
  access_policy?: 'legacy' | 'default' | 'explicit';
  /** rpc_ping_enabled. */
  ping?: boolean;
}

/** Options are those of Python's client; times are seconds. */
export interface Sending {
  target: OsloTarget;
  method: string;
  args?: object;
  ctxt?: object;
  timeout?: number;
  call_monitor_timeout?: number;
  version_cap?: string;
  retry?: number;
  /** TransportOptions(at_least_once). */
  at_least_once?: boolean;
}

export interface NotificationListening {
  exchange: string;
  topics: string[];
  priorities: string[];
  pool?: string;
  /** This many notifications are requeued. */
  requeue?: number;
  /** The arguments of Python's NotificationFilter. */
  filter_rule?: object;
}

export interface Notifying {
  exchange: string;
  topics: string[];
  driver: 'messaging' | 'messagingv2';
  priority: string;
  event_type: string;
  payload: unknown;
  ctxt?: object;
}

export interface Notified {
  priority: string;
  ctxt: object;
  publisher_id: string;
  event_type: string;
  payload: unknown;
  metadata: { message_id: string; timestamp: string };
}

/** A value that only a Python expression can give, for arguments that the peer sends. */
export function pythonValue(expression: string): object {
  return { $python: expression };
}

/** Real oslo.messaging, in a Python process. */
export class OsloPeer {
  readonly #process: PythonProcess;
  readonly #rabbitUrl: string;
  /** With the driver's options as its query. */
  readonly #url: string;

  private constructor(process: PythonProcess, rabbitUrl: string, options: Record<string, string>) {
    this.#process = process;
    this.#rabbitUrl = rabbitUrl;
    this.#url = `${rabbitUrl}?${new URLSearchParams(options)}`;
  }

  /** Starts one in a new process. `options`: those of oslo.messaging's RabbitMQ driver. */
  static async start(rabbitUrl: string, options: Record<string, string> = {}): Promise<OsloPeer> {
    const peer = new OsloPeer(await PythonProcess.start(SCRIPT), rabbitUrl, options);
    await peer.#run({ do: 'hello' });
    return peer;
  }

  /** Another one in the same process, with a transport of its own: a process takes a second or two to start. */
  beside(options: Record<string, string>): OsloPeer {
    return new OsloPeer(this.#process, this.#rabbitUrl, options);
  }

  /** The end of its log. */
  get log(): string {
    return this.#process.stderr;
  }

  async serve(target: OsloTarget & { server: string }, serving: Serving = {}): Promise<void> {
    const { exchange, topic, server } = target;
    await this.#run({ do: 'serve', target: { exchange, topic, server }, ...serving });
  }

  call(sending: Sending): Promise<unknown> {
    return this.#run({ do: 'call', args: {}, ...sending });
  }

  /** Calls, and returns the result's type in Python and its `repr`. */
  describeResult(sending: Sending): Promise<unknown> {
    return this.#run({ do: 'describe_result', args: {}, ...sending });
  }

  async cast(sending: Sending): Promise<void> {
    await this.#run({ do: 'cast', args: {}, ...sending });
  }

  /** The queue for answers to its calls, once it has made one. */
  async replyQueue(): Promise<string> {
    return String(await this.#run({ do: 'reply_queue' }));
  }

  /** What the methods of its servers on this topic have noted so far. */
  notes({ topic }: { topic: string }): Promise<unknown> {
    return this.#run({ do: 'notes', topic });
  }

  /** Starts a notification listener; `notified` returns what it received. */
  async listen(name: string, listening: NotificationListening): Promise<void> {
    await this.#run({ do: 'listen', name, ...listening });
  }

  async notified(name: string): Promise<Notified[]> {
    return (await this.#run({ do: 'notified', name })) as Notified[];
  }

  async notify(notifying: Notifying): Promise<void> {
    await this.#run({ do: 'notify', ...notifying });
  }

  /** Takes the processor from it, until `resume`. */
  pause(): void {
    this.#process.pause();
  }

  resume(): void {
    this.#process.resume();
  }

  /** Kills the process, since an orderly end takes oslo.messaging many seconds. */
  async close(): Promise<void> {
    await this.#process.kill();
  }

  #run(command: object): Promise<unknown> {
    return this.#process.run({ url: this.#url, ...command });
  }
}
