// What `npm test` runs, all beside each other: the fault tests mostly wait for their one broker, the e2e tests for their one
// deployment, and the integration tests for theirs. `npm test -- ARGUMENTS` is `vitest run ARGUMENTS`. With
// MINI_NOVA_TEST_RESULTS=FOLDER each run also leaves its results there, as JSON.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const cores = availableParallelism();
// Unit tests keep their core busy; all others mostly wait.
const busyWorkers = Math.max(1, Math.floor(cores / 2));
const RUNS = [
  ['--project', 'faults'],
  ['--project', 'conformance', '--project', 'e2e', '--maxWorkers', '1'],
  ['--project', 'integration', '--maxWorkers', String(cores)],
  ['--project', 'unit', '--maxWorkers', String(busyWorkers)],
];

const { MINI_NOVA_TEST_RESULTS: folder } = process.env;
let run = 0;

function reporters() {
  if (!folder) return [];
  run += 1;
  return ['--reporter=default', '--reporter=json', `--outputFile.json=${join(folder, `${run}.json`)}`];
}

/** Resolves with the exit code; what runs beside others is printed when it has ended. */
function vitest(args, { beside }) {
  const child = spawn('npx', ['vitest', 'run', ...args, ...reporters()], {
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
const codes = await Promise.all(runs.map((args, index) => vitest(args, { beside: index > 0 })));
process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
