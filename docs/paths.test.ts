import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { repositoryRoot } from '@mini-nova/testing';
import { expect, test } from 'vitest';

const SKIPPED = new Set(['node_modules', 'dist', '.git']);
/** Names that the recipes make up, and what the compiler writes. */
const NOT_STORED = /keypair|<|\/dist$/;

/** All files and folders of the repository, from its root. */
async function pathsOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = entries.map(async (entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return [relative(repositoryRoot, path), ...(entry.isDirectory() ? await pathsOf(path) : [])];
  });
  return (await Promise.all(found)).flat();
}

/** What a document sets in code style and is a path: a file by its ending, a folder by where it stands. */
function namedPaths(markdown: string): string[] {
  const spans = [...markdown.matchAll(/`([^`\s]+)`/g)].map(([, span = '']) => span);
  const isPath =
    /^(?:[\w.*<>-]+\/)*[\w.*<>-]+\.(?:ts|mjs|json|conf|md)$|^(?:packages|services|docs|test|etc|drivers)\/[\w./*<>-]+$/;
  return [...new Set(spans.filter((span) => isPath.test(span)))];
}

/** A path from the root, or the end of one; `*` is any name. */
function asEnd(path: string): RegExp {
  const escaped = path.replace(/\/$/, '').replace(/[.]/g, '\\.').replaceAll('*', '[^/]+');
  return new RegExp(`(?:^|/)${escaped}$`);
}

test.each(['ARCHITECTURE.md', 'CONTRIBUTING.md'])('every path that %s names exists', async (document) => {
  const [markdown, paths] = await Promise.all([
    readFile(join(repositoryRoot, document), 'utf8'),
    pathsOf(repositoryRoot),
  ]);
  const named = namedPaths(markdown).filter((path) => !NOT_STORED.test(path));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((path) => !paths.some((existing) => asEnd(path).test(existing)))).toEqual([]);
});
