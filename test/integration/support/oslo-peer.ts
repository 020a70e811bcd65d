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

  private constructor(python: ChildProcessWithoutNullStreams) {
    this.python = python;
    this.answers = createInterface(python.stdout);
  }

  /** `options`: those of oslo.messaging's RabbitMQ driver. */
  static async start(rabbitUrl: string, options: Record<string, string> = {}): Promise<OsloPeer> {
    const url = `${rabbitUrl}?${new URLSearchParams(options)}`;
    const python = spawn(await pythonWithOsloMessaging(), ['-W', 'ignore', SCRIPT, url]);
    python.stderr.resume();
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

  async close(): Promise<void> {
    const exit = once(this.python, 'exit');
    this.python.stdin.end();
    const timer = setTimeout(() => this.python.kill('SIGKILL'), 10_000);
    await exit;
    clearTimeout(timer);
  }

  /** One command at a time. */
  private async run(command: object): Promise<unknown> {
    const answer = once(this.answers, 'line');
    this.python.stdin.write(`${JSON.stringify(command)}\n`);
    const [line] = (await answer) as [string];
    const outcome = JSON.parse(line);
    if ('error' in outcome) throw new PythonError(outcome);
    return outcome.result;
  }
}
