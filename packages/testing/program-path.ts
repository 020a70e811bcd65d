import { join } from 'node:path';
import type { ChildOptions } from './child.ts';
import { repositoryRoot } from './repository.ts';

export interface ProgramOptions {
  /** Added to a clean environment: no OS_*, NOVA_* or test runner variables of this process. */
  env?: Record<string, string>;
  cwd?: string;
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(OS_|NOVA_|VITEST|VITE_|NODE_OPTIONS$|NODE_ENV$|TEST$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

/** The command that starts a program of bin/ with the Node.js that runs the tests. */
export function daemonCommand(
  bin: string,
  args: readonly string[],
  options: ProgramOptions,
): { command: string; commandArgs: string[]; childOptions: ChildOptions } {
  return {
    command: process.execPath,
    commandArgs: [join(repositoryRoot, 'bin', bin), ...args],
    childOptions: { cwd: options.cwd ?? repositoryRoot, env: { ...cleanEnvironment(), ...options.env } },
  };
}
