import { fileURLToPath } from 'node:url';
import { Child } from '@mini-nova/testing';
import type { RabbitOptions } from '../../../index.ts';

const SCRIPT = fileURLToPath(new URL('./peer.mjs', import.meta.url));

export interface PeerSpec {
  url: string;
  topic: string;
  /** Of its transport. */
  name?: string;
  rabbit?: RabbitOptions;
  /** Serves as this server: echo, note, work, compute and stall. */
  server?: string;
  /** Makes one call instead. */
  call?: { method: string; args: object; timeout?: number };
  /** Added to its environment. */
  env?: Record<string, string>;
}

/** An RPC end in a process of its own. */
export class PeerProcess {
  readonly #child: Child;
  #killed = false;

  private constructor(child: Child) {
    this.#child = child;
  }

  static async start({ env, ...spec }: PeerSpec): Promise<PeerProcess> {
    const args = [SCRIPT, JSON.stringify(spec)];
    const child = await Child.start(process.execPath, args, { env: { ...process.env, ...env } });
    await child.waitForLine(/^(serving|calling) /);
    return new PeerProcess(child);
  }

  /** Waits for a line: `working`, `noted`, `log`; `detail` must be in it. */
  async waitFor(word: string, detail = ''): Promise<void> {
    await this.#child.waitForLine(new RegExp(`^${word} .*${detail}`));
  }

  get output(): string {
    return this.#child.output;
  }

  /** What it has logged. */
  get log(): { message: string; queues?: readonly string[] }[] {
    return [...this.#child.stdout.matchAll(/^log (.*)$/gm)].map(([, line = '']) => JSON.parse(line));
  }

  /** SIGSTOP: it gets no processor, and keeps its connections. */
  pause(): void {
    this.#child.signal('SIGSTOP');
  }

  resume(): void {
    this.#child.signal('SIGCONT');
  }

  /** SIGKILL: it says goodbye to nobody. */
  async kill(): Promise<void> {
    this.#killed = true;
    this.#child.signal('SIGKILL');
    await this.#child.ended;
  }

  /** Ends it in order, and fails when it had ended by itself. Idempotent. */
  async stop(): Promise<void> {
    if (this.#killed) return;
    this.#child.assertRunning();
    this.#killed = true;
    await this.#child.stop();
  }
}
