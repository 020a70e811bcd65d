// `node scripts/check-packages.mjs`: packs each package that is not private, as `npm publish` would, and names what its users
// would stumble over: files that do not belong to it or are missing, entry points that publint or "are the types wrong" refuse.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const ROOT = join(import.meta.dirname, '..');
const FIELDS = ['description', 'license', 'engines', 'exports'];
const FILES = ['README.md', 'LICENSE'];
const REFUSED = /\.test\.[^/]*$|\.tsbuildinfo$|(^|\/)(test|testdata|node_modules)\/|(^|\/)tsconfig/;
/** Ways of resolving that cannot find ES modules. */
const ESM_ONLY = new Set(['node10', 'node16-cjs']);

/** The names of all tarballs, which are in `folder` afterwards. */
async function packAll(folder) {
  const args = ['pack', '--workspaces', '--json', '--silent', '--pack-destination', folder];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: ROOT, maxBuffer: 2 ** 26 });
  return JSON.parse(stdout).map(({ filename }) => filename);
}

async function readPackage(tarball) {
  const bytes = new Uint8Array(await readFile(tarball));
  const contents = createPackageFromTarballData(bytes);
  const root = `/node_modules/${contents.packageName}/`;
  const read = (path) => contents.readFile(root + path);
  const paths = contents.listFiles().map((path) => path.slice(root.length));
  return { bytes, contents, paths, read, manifest: JSON.parse(read('package.json')) };
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

async function problemsOf(found) {
  const checks = [wrongFiles, missingFields, lint, wrongTypes].map(async (check) => check(found));
  return (await Promise.all(checks)).flat().map((problem) => `${found.manifest.name} ${problem}`);
}

const folder = await mkdtemp(join(tmpdir(), 'mini-nova-packages-'));
try {
  const tarballs = await packAll(folder);
  const packages = await Promise.all(tarballs.map((name) => readPackage(join(folder, name))));
  const published = packages.filter(({ manifest }) => !manifest.private);
  const problems = (await Promise.all(published.map(problemsOf))).flat();
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
} finally {
  await rm(folder, { recursive: true });
}
