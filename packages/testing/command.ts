import { Child, type ChildOptions } from './child.ts';
import { ChildProcessError } from './errors.ts';
import { daemonCommand, type ProgramOptions } from './program-path.ts';

export interface CommandResult {
  /** The exit code, or the signal that ended it. */
  code: number | NodeJS.Signals;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end; `timeout` in seconds (60), after which it is killed and the promise rejected. */
export async function run(
  command: string,
  args: readonly string[],
  options: ChildOptions & { timeout?: number } = {},
): Promise<CommandResult> {
  const { timeout = 60, ...childOptions } = options;
  const child = await Child.start(command, args, childOptions);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.signal('SIGKILL', 'group');
  }, timeout * 1000);
  const code = await child.ended;
  clearTimeout(timer);
  if (late) throw new ChildProcessError(`${command} did not end within ${timeout} s`, child.output);
  return { code, stdout: child.stdout, stderr: child.stderr };
}

/** Like `run`, but any exit code other than 0 is an error that shows the output. */
export async function runOk(
  command: string,
  args: readonly string[],
  options: ChildOptions & { timeout?: number } = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, options);
  if (code !== 0)
    throw new ChildProcessError(`${[command, ...args].join(' ')} ended with ${code}`, stdout + stderr);
  return stdout;
}

/** Runs one of the commands in bin/ to its end, as a user would: `runCommand('nova', ['list', '--json'])`. */
export async function runCommand(
  bin: string,
  args: readonly string[] = [],
  options: ProgramOptions & { timeout?: number } = {},
): Promise<CommandResult> {
  const { command, commandArgs, childOptions } = daemonCommand(bin, args, options);
  const timeout = options.timeout === undefined ? {} : { timeout: options.timeout };
  return run(command, commandArgs, { ...childOptions, ...timeout });
}
