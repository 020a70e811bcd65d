import { fileURLToPath } from 'node:url';
import { Child } from '@mini-nova/testing';
import { onTestFinished } from 'vitest';

/** The fixture daemon's main. */
export const DAEMON = fileURLToPath(new URL('./fixtures/daemon.mjs', import.meta.url));

type Behaviour =
  | 'chatty'
  | 'good'
  | 'fail-start'
  | 'misconfigured'
  | 'hang-start'
  | 'fail-stop'
  | 'fail-replaced'
  | 'hang-stop'
  | 'loop-stop'
  | 'sick'
  | 'slow-start'
  | 'slow-stop'
  | 'reject'
  | 'throw';

/** Starts the fixture daemon with one service per behaviour; it is killed when the test ends. */
export async function startFixture(
  behaviours: Behaviour[],
  { workers = 1, env = {} }: { workers?: number; env?: Record<string, string> } = {},
): Promise<Child> {
  return startNode([DAEMON, String(workers), ...behaviours], { ...process.env, ...env });
}

/** Runs Node.js on the built package. */
export async function startNode(args: string[], env: NodeJS.ProcessEnv = process.env): Promise<Child> {
  return startProgram(process.execPath, args, env);
}

/** Runs a program that runs the built package; it is killed when the test ends. */
export async function startProgram(
  program: string,
  args: string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Child> {
  const child = await Child.start(program, args, {
    env,
    cwd: fileURLToPath(new URL('..', import.meta.url)),
  });
  onTestFinished(() => {
    child.signal('SIGKILL', 'group');
  });
  return child;
}

/** What the fixture printed about an event: `['s0 4711', …]`. */
export function events(child: Child, event: string): string[] {
  return child.stdout
    .split('\n')
    .filter((line) => line.startsWith(`${event} `))
    .map((line) => line.slice(event.length + 1));
}

/** The processes in which an event happened. */
export function pids(child: Child, event: string): number[] {
  return events(child, event).map((line) => Number(line.split(' ')[1]));
}

interface LogLine {
  msg: string;
  [key: string]: unknown;
}

/** The log lines of a level. */
export function logged(child: Child, level: string): LogLine[] {
  return child.stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .filter((line) => line.level === level);
}
