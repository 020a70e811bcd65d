import { repositoryRoot, runOk } from '@mini-nova/testing';

// Each project loads this file anew.
const registry = globalThis as { [key: symbol]: Promise<unknown> | undefined };
const KEY = Symbol.for('mini-nova.test-build');

/** For projects whose child processes run what is in `dist/`: it is what the sources say, whoever runs them and when. */
export default async function build(): Promise<void> {
  registry[KEY] ??= runOk('npm', ['run', '--silent', 'build'], { cwd: repositoryRoot });
  await registry[KEY];
}
