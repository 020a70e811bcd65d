import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { repositoryRoot, run, tempDir } from '@mini-nova/testing';
import { expect, test } from 'vitest';

interface Package {
  manifest?: object;
  files?: Record<string, string>;
}

/** What a package without fault has. */
function sound(name: string, { manifest, files }: Package): [path: string, text: string][] {
  const whole = {
    name,
    version: '1.0.0',
    description: 'A fixture',
    license: 'Apache-2.0',
    type: 'module',
    engines: { node: '>=20.19' },
    exports: { './*': { types: './dist/*.d.ts', default: './dist/*.js' } },
    files: ['dist'],
    ...manifest,
  };
  return Object.entries({
    'package.json': JSON.stringify(whole),
    'README.md': `# ${name}\n`,
    LICENSE: 'Apache-2.0\n',
    'dist/part.js': 'export const part = 1;\n',
    'dist/part.d.ts': 'export declare const part: number;\n',
    ...files,
  });
}

/** Its folder. */
async function workspaceOf(packages: Record<string, Package>): Promise<string> {
  const root = tempDir('workspace-');
  await symlink(join(repositoryRoot, 'node_modules'), join(root, 'node_modules'));
  await mkdir(join(root, 'packages'));
  await writeFile(join(root, 'package.json'), JSON.stringify({ private: true, workspaces: ['packages/*'] }));
  for (const [name, faults] of Object.entries(packages)) {
    for (const [path, text] of sound(name, faults)) {
      const file = join(root, 'packages', name, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
  }
  return root;
}

async function checkAt(root: string): Promise<{ code: unknown; lines: string[] }> {
  const script = join(repositoryRoot, 'scripts/check-packages.mjs');
  const { code, stderr } = await run(process.execPath, [script, root], { timeout: 240 });
  return { code, lines: stderr.split('\n').filter(Boolean) };
}

/** What the check says of a workspace of these packages. */
async function check(packages: Record<string, Package>): Promise<{ code: unknown; lines: string[] }> {
  return checkAt(await workspaceOf(packages));
}

test('what is no package is passed over', async () => {
  const root = await workspaceOf({ only: {} });
  await mkdir(join(root, 'packages/gone/dist'), { recursive: true });
  await writeFile(join(root, 'packages/notes.txt'), '');
  expect(await checkAt(root)).toEqual({ code: 0, lines: [] });
});

test('packages whose imports are declared pass: siblings, third parties, peers, and types of optional peers', async () => {
  const user = {
    manifest: {
      dependencies: { base: '1.0.0', commander: '*' },
      peerDependencies: { pino: '*', 'types-only': '1.0.0' },
      peerDependenciesMeta: { 'types-only': { optional: true } },
    },
    files: {
      'dist/part.js':
        "import { part } from 'base/part';\nimport 'commander';\nexport const load = () => import('pino');\nexport { part };\n",
      'dist/part.d.ts':
        "import type { part as Other } from 'types-only/part';\nexport declare const part: typeof Other;\nexport declare const load: () => Promise<unknown>;\n",
    },
  };
  expect(await check({ base: {}, 'types-only': {}, user })).toEqual({ code: 0, lines: [] });
});

const optional = (name: string) => ({
  peerDependencies: { [name]: '1.0.0' },
  peerDependenciesMeta: { [name]: { optional: true } },
});

/** Packages with one fault each, and what is said of it. */
const faulty: Record<string, Package & { problems: string[] }> = {
  'sibling-undeclared': {
    files: { 'dist/part.js': "export * from 'base/part';\n" },
    problems: [
      'sibling-undeclared imports base/part in dist/part.js, which it does not depend on',
      "sibling-undeclared/part cannot be imported: Cannot find package 'base'",
    ],
  },
  // The workspace has it.
  'loads-undeclared-later': {
    files: { 'dist/part.js': "export const part = () => import('pino');\n" },
    problems: ['loads-undeclared-later imports pino in dist/part.js, which it does not depend on'],
  },
  'value-of-optional-peer': {
    manifest: optional('base'),
    files: { 'dist/part.js': "export const part = () => import('base/part');\n" },
    problems: ['value-of-optional-peer imports base/part in dist/part.js, which it does not depend on'],
  },
  'relies-on-dependency-of-dependency': {
    manifest: { dependencies: { base: '1.0.0' } },
    files: { 'dist/part.js': "export const part = () => import('commander');\n" },
    problems: [
      'relies-on-dependency-of-dependency imports commander in dist/part.js, which it does not depend on',
    ],
  },
  'file-not-packed': {
    files: { 'dist/part.js': "export const part = () => import('./missing.js');\n" },
    problems: ['file-not-packed imports ./missing.js in dist/part.js, which it does not have'],
  },
  'module-that-throws': {
    files: { 'dist/broken.js': "throw new Error('no');\n", 'dist/broken.d.ts': 'export {};\n' },
    problems: ['module-that-throws/broken cannot be imported: no'],
  },
  'module-without-types': {
    files: { 'dist/untyped.js': 'export const part = 1;\n' },
    problems: ["Could not find a declaration file for module 'module-without-types/untyped'"],
  },
  'types-undeclared': {
    files: { 'dist/part.d.ts': "export * from 'base/part';\n" },
    problems: ["types-undeclared/dist/part.d.ts(1,15): error TS2307: Cannot find module 'base/part'"],
  },
};

test('each package that users could not use is named with its fault, and no other', async () => {
  const base = { manifest: { dependencies: { commander: '*' } } };
  const { code, lines } = await check({ base, ...faulty });
  const expected = Object.values(faulty).flatMap(({ problems }) => problems);
  for (const problem of expected) expect(lines).toContainEqual(expect.stringContaining(problem));
  expect(lines.filter((line) => !expected.some((problem) => line.includes(problem)))).toEqual([]);
  expect(code).toBe(1);
});

test('a workspace without a package to publish does not pass', async () => {
  const { code, lines } = await check({ hidden: { manifest: { private: true } } });
  expect({ code, lines }).toEqual({ code: 1, lines: ['There is no package that is not private'] });
});
