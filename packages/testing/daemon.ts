import { Child } from './child.ts';
import { daemonCommand, type ProgramOptions } from './program-path.ts';

export interface StopResult {
  /** The exit code, or the signal that ended it. */
  code: number | NodeJS.Signals;
  /** Seconds from the signal to the end. */
  seconds: number;
}

/** A daemon of bin/ running as a process of its own. */
export class Daemon {
  readonly name: string;
  private readonly child: Child;

  private constructor(name: string, child: Child) {
    this.name = name;
    this.child = child;
  }

  static async start(bin: string, args: readonly string[], options: ProgramOptions): Promise<Daemon> {
    const { command, commandArgs, childOptions } = daemonCommand(bin, args, options);
    return new Daemon([bin, ...args].join(' '), await Child.start(command, commandArgs, childOptions));
  }

  get pid(): number {
    return this.child.pid;
  }

  /** What it printed so far, standard output and error together. */
  get output(): string {
    return this.child.output;
  }

  get running(): boolean {
    return this.child.running;
  }

  /** Resolves with the exit code, or the signal, when it has ended. */
  get ended(): Promise<number | NodeJS.Signals> {
    return this.child.ended;
  }

  /** Throws, with the output, when it has ended. */
  assertRunning(): void {
    this.child.assertRunning();
  }

  /** The first line of its output that matches, waiting at most `timeout` seconds for one. */
  waitForLine(pattern: RegExp, timeout?: number): Promise<string> {
    return this.child.waitForLine(pattern, timeout);
  }

  /** Signals the daemon's process, as an operator would, and waits; killed when it has not ended in `grace` s. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', grace = 120): Promise<StopResult> {
    const begin = performance.now();
    this.child.signal(signal);
    const timer = setTimeout(() => this.child.signal('SIGKILL', 'group'), grace * 1000);
    const code = await this.child.ended;
    clearTimeout(timer);
    return { code, seconds: (performance.now() - begin) / 1000 };
  }

  /** Ends it as a crash would: no clean-up of its own. */
  async kill(): Promise<void> {
    this.child.signal('SIGKILL', 'group');
    await this.child.ended;
  }
}

/** Starts a daemon of bin/: `startDaemon('nova-compute', ['--host', 'host-a'], { env })`. It ends with the test. */
export function startDaemon(
  bin: string,
  args: readonly string[] = [],
  options: ProgramOptions = {},
): Promise<Daemon> {
  return Daemon.start(bin, args, options);
}
