import { repositoryRoot, runOk } from '@mini-nova/testing';

// Outlives this module, which each project loads anew.
const registry = globalThis as { [key: symbol]: Promise<unknown> | undefined };
const KEY = Symbol.for('mini-nova.test-build');

/** For projects whose child processes run `dist/`: makes it match the sources, whoever runs the tests and when. */
export default async function build(): Promise<void> {
  registry[KEY] ??= runOk('npm', ['run', '--silent', 'build'], { cwd: repositoryRoot });
  await registry[KEY];
}
