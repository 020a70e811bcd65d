import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format } from 'node:util';
import { repositoryRoot } from '@mini-nova/testing';
import { describe, expect, test, vi } from 'vitest';

const EXAMPLES = join(repositoryRoot, 'examples');
// Inside the workspace, so that the packages' names resolve as they do for a user.
const CACHE = join(repositoryRoot, 'node_modules/.cache');

/** The folders of packages, from the top of the repository. */
async function packageFolders(): Promise<string[]> {
  const listed = ['packages', 'services'].map(async (folder) =>
    (await readdir(join(repositoryRoot, folder))).map((name) => join(folder, name)),
  );
  return (await Promise.all(listed)).flat().filter((folder) => existsSync(join(folder, 'package.json')));
}

function blocks(readme: string, ...languages: string[]): string[] {
  const fenced = new RegExp(`^\`\`\`(?:${languages.join('|')})\n(.*?)^\`\`\``, 'gms');
  return [...readme.matchAll(fenced)].map(([, block = '']) => block);
}

/** Runs each as a separate module, one after another; returns what they print. */
async function run(examples: readonly string[]): Promise<string[]> {
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, 'readme-'));
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    for (const [index, example] of examples.entries()) {
      const file = join(folder, `example-${index}.ts`);
      await writeFile(file, example);
      await import(file);
    }
    return log.mock.calls.map((args) => format(...args));
  } finally {
    log.mockRestore();
    await rm(folder, { recursive: true });
  }
}

describe.each(await packageFolders())('the README of %s', (folder) => {
  const read = () => readFile(join(repositoryRoot, folder, 'README.md'), 'utf8');

  test('has examples that run, and print what it says', async () => {
    const readme = await read();
    const promised = [...readme.matchAll(/^It prints `(.*?)`/gm)].map(([, text]) => text);
    expect(await run(blocks(readme, 'ts'))).toEqual(promised);
  });

  test('has an example, or says why not', async () => {
    const readme = await read();
    const examples = blocks(readme, 'ts', 'js', 'python');
    const reason = /^No example: \S/m.test(readme);
    expect({ hasExamples: examples.length > 0, saysWhyNot: reason }).toEqual({
      hasExamples: !reason,
      saysWhyNot: reason,
    });
  });

  // These are run by examples.test.ts.
  test('shows programs of examples/ as they are', async () => {
    const programs = (await readdir(EXAMPLES)).map((name) => readFile(join(EXAMPLES, name), 'utf8'));
    expect(await Promise.all(programs)).toEqual(expect.arrayContaining(blocks(await read(), 'js', 'python')));
  });

  test('says which module system and Node.js it needs', async () => {
    const { engines } = JSON.parse(await readFile(join(repositoryRoot, folder, 'package.json'), 'utf8'));
    const oldest = engines.node.replace('>=', '');
    expect((await read()).replaceAll('\n', ' ')).toMatch(
      new RegExp(`ES modules only, for Node\\.js ${oldest} or newer`),
    );
  });
});
