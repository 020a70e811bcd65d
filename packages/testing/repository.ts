import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

function findRoot(from: string): string {
  if (existsSync(join(from, 'package-lock.json'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error(`no package-lock.json above ${import.meta.dirname}`);
  return findRoot(parent);
}

/** The top directory of the checkout. */
export const repositoryRoot: string = findRoot(import.meta.dirname);
