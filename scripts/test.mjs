// What `npm test` runs: all kinds of tests beside each other, for most of them mostly wait: for their one broker, their one
// deployment, the end of a time. The units and the clouds get the other cores. `npm test -- ARGUMENTS` is `vitest run ARGUMENTS`. With
// MINI_NOVA_TEST_RESULTS=FOLDER each run also leaves its results there, as JSON.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { installMissingPrograms } from '@mini-nova/testing';

const otherCores = String(Math.max(1, availableParallelism() - 1));
const RUNS = [
  ['--project', 'unit', '--project', 'cloud', '--maxWorkers', otherCores],
  ['--project', 'faults'],
  ['--project', 'integration', '--project', 'conformance'],
  ['--project', 'e2e'],
];

// Each run names its databases itself: whichever ends first drops its own.
const { MINI_NOVA_TEST_RESULTS: folder, MINI_NOVA_TEST_RUN: _, ...env } = process.env;

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

const given = process.argv.slice(2);
const runs = given.length > 0 ? [given] : RUNS;
// Once, for all: two installations at the same time would fail.
if (runs.length > 1) await installMissingPrograms();
const codes = await Promise.all(runs.map(vitest));
process.exitCode = codes.some((code) => code !== 0) ? 1 : 0;
