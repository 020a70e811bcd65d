// What `npm test` runs: all kinds of tests beside each other, for most of them mostly wait: for their one broker, their one
// deployment, the end of a time. The units and the clouds get the other cores. `npm test -- --only unit,cloud`
// runs these projects only, and `npm test -- ARGUMENTS` is `vitest run ARGUMENTS`. With MINI_NOVA_TEST_RESULTS=FOLDER each run also leaves its
// results there, as JSON, in a folder named for the Node.js that ran it.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { installMissingPrograms } from '@mini-nova/testing';

const otherCores = String(Math.max(1, availableParallelism() - 1));
/** The projects of each run, with what else it is told. */
const RUNS = [
  { projects: ['unit', 'cloud'], more: ['--maxWorkers', otherCores] },
  { projects: ['faults'], more: [] },
  { projects: ['integration', 'conformance'], more: [] },
  { projects: ['e2e'], more: [] },
];

const PROJECTS = RUNS.flatMap(({ projects }) => projects);

// Each run names its databases itself: whichever ends first drops its own.
const { MINI_NOVA_TEST_RESULTS: results, MINI_NOVA_TEST_RUN: _, ...env } = process.env;
const folder = results && join(results, `Node.js ${process.version}`);
if (folder) mkdirSync(folder, { recursive: true });

/** The arguments of the runs that have any of these projects; undefined: of all. */
function runsOf(wanted) {
  return RUNS.flatMap(({ projects, more }) => {
    const chosen = projects.filter((name) => wanted?.includes(name) ?? true);
    if (chosen.length === 0) return [];
    return [[...chosen.flatMap((name) => ['--project', name]), ...more]];
  });
}

/** From the command line, the arguments of each run; undefined: they cannot be understood. */
function runsFor(given) {
  if (given.length === 0) return runsOf();
  if (given[0] !== '--only') return [given];
  const [, wanted = '', ...more] = given;
  const names = wanted.split(',');
  return more.length === 0 && names.every((name) => PROJECTS.includes(name)) ? runsOf(names) : undefined;
}

function reporters(index) {
  if (!folder) return [];
  const file = join(folder, `${index + 1}.json`);
  // A run that leaves no results is missed.
  writeFileSync(file, '');
  return ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
}

/** Resolves with the exit code; what runs beside the first is printed when it has ended. */
function vitest(args, index) {
  const beside = index > 0;
  const child = spawn('npx', ['vitest', 'run', ...args, ...reporters(index)], {
    env,
    stdio: ['inherit', beside ? 'pipe' : 'inherit', beside ? 'pipe' : 'inherit'],
  });
  const printed = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes) => printed.push(bytes));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      process.stdout.write(Buffer.concat(printed));
      resolve(code ?? 1);
    });
  });
}

const runs = runsFor(process.argv.slice(2));
if (runs === undefined) {
  console.error(`npm test -- --only PROJECT[,PROJECT …]: of ${PROJECTS.join(', ')}`);
  process.exit(2);
}
// Once, for all: two installations at the same time would fail.
if (runs.length > 1) await installMissingPrograms();
const codes = await Promise.all(runs.map(vitest));
process.exitCode = codes.some((code) => code !== 0) ? 1 : 0;
