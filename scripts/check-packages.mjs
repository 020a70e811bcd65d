// `node scripts/check-packages.mjs [WORKSPACE]`: packs each package that is not private, as `npm publish` would, and names what its
// users would stumble over: files that do not belong to it or are missing, entry points that publint or "are the types wrong" refuse,
// imports of what it does not declare, and entry points that cannot be imported, or have no types, where nothing else is installed.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix, resolve } from 'node:path';
import { promisify } from 'node:util';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { declaredBy, InstalledPackages } from './installed-packages.mjs';

const ROOT = resolve(process.argv[2] ?? join(import.meta.dirname, '..'));
const TSC = join(import.meta.dirname, '../node_modules/.bin/tsc');
const FIELDS = ['description', 'license', 'engines', 'exports'];
const FILES = ['README.md', 'LICENSE'];
const REFUSED = /\.test\.[^/]*$|\.tsbuildinfo$|(^|\/)(test|testdata|node_modules)\/|(^|\/)tsconfig/;
/** Ways of resolving that cannot find ES modules. */
const ESM_ONLY = new Set(['node10', 'node16-cjs']);
/** In what tsc writes: imports, static and dynamic, and what is required. */
const IMPORT =
  /^(?:import|export)\b(?:[^'"\n;]*?\bfrom)?\s*'([^']+)'|^(?:import|export) \{[^}]*\} from '([^']+)'|\b(?:import|require)\('([^']+)'\)/gm;

const run = promisify(execFile);

/** The tarballs of all workspaces, which are in `folder` afterwards. */
async function packAll(folder) {
  const args = ['pack', '--workspaces', '--json', '--silent', '--pack-destination', folder];
  const { stdout } = await run('npm', args, { cwd: ROOT, maxBuffer: 2 ** 26 });
  return JSON.parse(stdout).map(({ filename }) => join(folder, filename));
}

/** The folders of all workspaces, by name. */
async function workspaceFolders() {
  const { workspaces } = await readJson(join(ROOT, 'package.json'));
  const folders = workspaces.map(async (pattern) => {
    if (!pattern.endsWith('/*')) return [join(ROOT, pattern)];
    const parent = join(ROOT, pattern.slice(0, -2));
    return (await readdir(parent)).map((name) => join(parent, name));
  });
  // Other files may lie there, and a folder of which only what was built is left: npm passes them over, too.
  const workspacesOnly = (await Promise.all(folders))
    .flat()
    .filter((folder) => existsSync(join(folder, 'package.json')));
  const named = workspacesOnly.map(async (folder) => {
    const { name } = await readJson(join(folder, 'package.json'));
    return [name, folder];
  });
  return new Map(await Promise.all(named));
}

async function readJson(path) {
  return JSON.parse(await readFile(path, 'utf8'));
}

async function readPackage(tarball, folders) {
  const bytes = new Uint8Array(await readFile(tarball));
  const contents = createPackageFromTarballData(bytes);
  const root = `/node_modules/${contents.packageName}/`;
  const read = (path) => contents.readFile(root + path);
  const paths = contents.listFiles().map((path) => path.slice(root.length));
  const manifest = JSON.parse(read('package.json'));
  return { bytes, contents, paths, read, manifest, source: folders.get(manifest.name) };
}

/** The source that a map was made from; none for anything else. */
function sourceOf(path) {
  const [, name] = /^dist\/(.*)\.js\.map$/.exec(path) ?? [];
  return name ? [`${name}.ts`] : [];
}

function wrongFiles({ paths }) {
  const packed = new Set(paths);
  const isMissing = (path) => !packed.has(path);
  const sources = paths.flatMap(sourceOf);
  return [
    ...FILES.filter(isMissing).map((path) => `has no ${path}`),
    ...paths.filter((path) => REFUSED.test(path)).map((path) => `has ${path}`),
    ...sources.filter(isMissing).map((path) => `has a map of ${path}, without it`),
  ];
}

function missingFields({ manifest }) {
  return FIELDS.filter((field) => !manifest[field]).map((field) => `has no ${field} in its package.json`);
}

async function lint({ bytes, manifest }) {
  const { messages } = await publint({ pack: { tarball: bytes.buffer }, level: 'warning' });
  return messages.map((message) => formatMessage(message, manifest, { color: false }));
}

async function wrongTypes({ contents }) {
  const { types, problems = [] } = await checkPackage(contents);
  if (!types) return ['has no types'];
  const ours = problems.filter(({ resolutionKind }) => !ESM_ONLY.has(resolutionKind));
  return ours.map(({ kind, entrypoint }) => `has types that are wrong: ${kind} ${entrypoint ?? ''}`);
}

function undeclaredImports({ paths, read, manifest }) {
  const declared = new Set([manifest.name, ...declaredBy(manifest)]);
  const problemOf = (specifier, file) => {
    if (specifier.startsWith('node:')) return undefined;
    if (specifier.startsWith('.')) {
      const path = posix.join(posix.dirname(file), specifier);
      return paths.includes(path) ? undefined : 'which it does not have';
    }
    const [name] = /^(?:@[^/]+\/)?[^/]+/.exec(specifier);
    return declared.has(name) ? undefined : 'which it does not depend on';
  };
  return paths
    .filter((path) => path.endsWith('.js'))
    .flatMap((file) =>
      [...read(file).matchAll(IMPORT)].flatMap(([, ...found]) => {
        const specifier = found.find(Boolean);
        const problem = problemOf(specifier, file);
        return problem ? [`imports ${specifier} in ${file}, ${problem}`] : [];
      }),
    );
}

/** What users may import, those of a pattern one by one. */
function entryPoints({ manifest: { name, exports = {} }, paths }) {
  const named = Object.keys(exports).filter((entry) => !entry.includes('*'));
  const patterns = Object.entries(exports).filter(([entry]) => entry.includes('*'));
  const matched = patterns.flatMap(([entry, { default: target }]) => {
    const [before, after] = target.replace(/^\.\//, '').split('*');
    const ends = (path) => path.startsWith(before) && path.endsWith(after);
    return paths.filter(ends).map((path) => entry.replace('*', path.slice(before.length, -after.length)));
  });
  return [...new Set([...named, ...matched])].map((entry) => posix.join(name, entry));
}

/** Run in the consumer's folder: imports resolve from the file that has them. */
const IMPORT_ALL = `
const failures = [];
for (const specifier of JSON.parse(process.argv[2])) {
  try {
    await import(specifier);
  } catch (error) {
    failures.push(specifier + ' cannot be imported: ' + error.message);
  }
}
process.stdout.write(JSON.stringify(failures), () => process.exit());
`;

/** Each entry point that does not load where only what is declared is installed. */
async function wrongAtRunTime(consumer, specifiers) {
  await writeFile(join(consumer, 'import-all.mjs'), IMPORT_ALL);
  const { stdout } = await run(process.execPath, ['import-all.mjs', JSON.stringify(specifiers)], {
    cwd: consumer,
  });
  return JSON.parse(stdout);
}

/** What the compiler says of a program that imports the types of all entry points. */
async function wrongForCompiler(consumer, specifiers) {
  const lines = specifiers.map((specifier, index) => `export type * as e${index} from '${specifier}';\n`);
  await writeFile(join(consumer, 'entry-points.ts'), lines.join(''));
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2023',
    strict: true,
    noEmit: true,
    types: ['node'],
  };
  const config = JSON.stringify({ compilerOptions, files: ['entry-points.ts'] });
  await writeFile(join(consumer, 'tsconfig.json'), config);
  const printed = await run(TSC, ['--pretty', 'false'], { cwd: consumer, maxBuffer: 2 ** 26 }).then(
    () => '',
    ({ stdout, stderr }) => stdout + stderr,
  );
  // What is indented explains the line above.
  return printed.split('\n').filter((line) => /^\S/.test(line));
}

async function problemsOf(found) {
  const checks = [wrongFiles, missingFields, lint, wrongTypes, undeclaredImports];
  const problems = await Promise.all(checks.map(async (check) => check(found)));
  return problems.flat().map((problem) => `${found.manifest.name} ${problem}`);
}

async function problemsWhereInstalled(packages, folder) {
  const installed = new InstalledPackages(packages, { root: ROOT, folder });
  await installed.install();
  const specifiers = packages.flatMap(entryPoints);
  const atRunTime = await wrongAtRunTime(installed.consumer, specifiers);
  await installed.installOptional();
  return [...atRunTime, ...(await wrongForCompiler(installed.consumer, specifiers))];
}

async function problemsOfAll(packages, folder) {
  if (packages.length === 0) return ['There is no package that is not private'];
  const checks = [...packages.map(problemsOf), problemsWhereInstalled(packages, folder)];
  return (await Promise.all(checks)).flat();
}

const folder = await realpath(await mkdtemp(join(tmpdir(), 'mini-nova-packages-')));
try {
  const [tarballs, folders] = await Promise.all([packAll(folder), workspaceFolders()]);
  const packages = await Promise.all(tarballs.map((tarball) => readPackage(tarball, folders)));
  const published = packages.filter(({ manifest }) => !manifest.private);
  const problems = await problemsOfAll(published, folder);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
} finally {
  await rm(folder, { recursive: true });
}
