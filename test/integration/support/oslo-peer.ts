import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pythonWithOsloMessaging } from '@mini-nova/testing';

const SCRIPT = fileURLToPath(new URL('./oslo_peer.py', import.meta.url));

export interface OsloTarget {
  exchange: string;
  topic: string;
  server?: string;
  fanout?: boolean;
  version?: string;
}

interface Sending {
  target: OsloTarget;
  method: string;
  args: object;
  timeout?: number;
  call_monitor_timeout?: number;
}

/** An exception in the Python process. */
export class PythonError extends Error {
  readonly type: string;
  readonly module: string;

  constructor(data: { error: string; module: string; message: string }) {
    super(data.message);
    this.type = data.error;
    this.module = data.module;
  }
}

/** A Python process with real oslo.messaging. */
export class OsloPeer {
  private readonly python: ChildProcessWithoutNullStreams;
  private readonly answers: Interface;
  private errors = '';

  private constructor(python: ChildProcessWithoutNullStreams) {
    this.python = python;
    this.answers = createInterface(python.stdout);
    python.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
  }

  /** `options`: those of oslo.messaging's RabbitMQ driver. */
  static async start(rabbitUrl: string, options: Record<string, string> = {}): Promise<OsloPeer> {
    const url = `${rabbitUrl}?${new URLSearchParams(options)}`;
    const python = spawn(await pythonWithOsloMessaging(), ['-W', 'ignore', SCRIPT, url]);
    return new OsloPeer(python);
  }

  async serve(target: OsloTarget): Promise<void> {
    await this.run({ do: 'serve', ...target });
  }

  call(sending: Sending): Promise<unknown> {
    return this.run({ do: 'call', ...sending });
  }

  async cast(sending: Sending): Promise<void> {
    await this.run({ do: 'cast', ...sending });
  }

  /** What its `note` method was told so far. */
  notes(): Promise<unknown> {
    return this.run({ do: 'notes' });
  }

  /** Kills it: an orderly end takes oslo.messaging many seconds. */
  async close(): Promise<void> {
    const exit = once(this.python, 'exit');
    this.python.kill('SIGKILL');
    await exit;
  }

  /** One command at a time. */
  private async run(command: object): Promise<unknown> {
    const answer = once(this.answers, 'line');
    const end = once(this.answers, 'close').then(() => undefined);
    this.python.stdin.write(`${JSON.stringify(command)}\n`);
    const [line] = (await Promise.race([answer, end])) ?? [];
    if (line === undefined) throw new Error(`the Python peer has ended: ${this.errors}`);
    const outcome = JSON.parse(String(line));
    if ('error' in outcome) throw new PythonError(outcome);
    return outcome.result;
  }
}
