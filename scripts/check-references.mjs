// `node scripts/check-references.mjs`: each TypeScript project refers to exactly those of our projects that it imports. `tsc -b` orders
// projects by their references alone: without one, a build from nothing depends on luck.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
const IMPORT = /\b(?:from|import)\s*\(?\s*'([^']+)'/g;

/** A folder's configuration, as the compiler reads it: its files and references. */
async function readProject(folder) {
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  const { stdout } = await promisify(execFile)(tsc, ['--showConfig', '-p', folder], { maxBuffer: 2 ** 26 });
  const { files = [], references = [] } = JSON.parse(stdout);
  return {
    folder,
    files: files.map((file) => resolve(folder, file)),
    references: references.map(({ path }) => resolve(folder, path)),
  };
}

/** All projects that the root's are made of, by folder. */
async function readProjects(folders, known = new Map()) {
  const added = await Promise.all(
    [...new Set(folders)].filter((folder) => !known.has(folder)).map(readProject),
  );
  for (const project of added) known.set(project.folder, project);
  if (added.length > 0)
    await readProjects(
      added.flatMap(({ references }) => references),
      known,
    );
  return known;
}

/** The folder of the project that a specifier names; undefined: it is none of ours. */
function projectOf(specifier, file) {
  if (specifier.startsWith('.')) return nearestProject(resolve(dirname(file), specifier));
  const [, name, path = ''] = /^(@mini-nova\/[^/]+)(?:\/(.*))?$/.exec(specifier) ?? [];
  const workspace = workspaces.get(name);
  if (workspace === undefined) return undefined;
  const { folder, exports } = workspace;
  const entry = exports[`./${path}`.replace(/\/$/, '') || '.'] ?? exports[path ? './*' : '.'];
  const source = entry['@mini-nova/source'].replace('*', path);
  return nearestProject(join(folder, source));
}

function nearestProject(path) {
  for (let folder = dirname(path); folder.startsWith(ROOT); folder = dirname(folder)) {
    if (existsSync(join(folder, 'tsconfig.json'))) return folder;
  }
  return undefined;
}

/** Folder and entry points of each workspace, by name. */
const workspaces = new Map(
  Object.entries(JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages)
    .filter(([, { link }]) => link)
    .map(([path, { resolved }]) => {
      const folder = join(ROOT, resolved);
      const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      return [path.replace(/^node_modules\//, ''), { folder, exports }];
    }),
);

function problemsOf({ folder, files, references }) {
  const imported = new Set();
  for (const file of files) {
    for (const [, specifier] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const project = projectOf(specifier, file);
      if (project !== undefined && project !== folder) imported.add(project);
    }
  }
  const show = (path) => relative(folder, path);
  return [
    ...[...imported]
      .filter((path) => !references.includes(path))
      .map((path) => `lacks a reference to ${show(path)}`),
    ...references
      .filter((path) => !imported.has(path))
      .map((path) => `refers to ${show(path)}, and imports nothing of it`),
  ].map((problem) => `${relative(ROOT, folder)}/tsconfig.json ${problem}`);
}

const { references } = await readProject(ROOT);
const tools = ['benchmarks', 'chaos'].map((folder) => join(ROOT, folder));
const projects = await readProjects([...references, ...tools]);
const problems = [...projects.values()].flatMap(problemsOf);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
