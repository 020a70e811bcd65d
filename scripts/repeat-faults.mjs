// Runs the fault tests again and again and tells how often each passed: `npm run test:faults -- --repeat 20 [file …]`.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { repeat: { type: 'string', default: '1' } },
});
const repeat = Number(values.repeat);
if (!Number.isInteger(repeat) || repeat < 1) {
  console.error(`--repeat is "${values.repeat}", but must be a number of times`);
  process.exit(2);
}

/** By full name: how long (ms) each passed run took, and the failures' messages. */
const tests = new Map();

function runOnce(report) {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = ['vitest', 'run', '--project', 'faults', ...reporters, ...positionals];
  const child = spawn('npx', args, { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

function note({ fullName, status, duration = 0, failureMessages = [] }) {
  const entry = tests.get(fullName) ?? { passed: [], failed: [] };
  tests.set(fullName, entry);
  if (status === 'passed') entry.passed.push(duration);
  else entry.failed.push(failureMessages.join('\n').split('\n')[0] || status);
}

async function read(report) {
  const { testResults = [] } = JSON.parse(await readFile(report, 'utf8'));
  for (const { name, assertionResults = [], status, message } of testResults) {
    if (assertionResults.length === 0 && status === 'failed') {
      note({ fullName: name, status, failureMessages: [message] });
    }
    for (const result of assertionResults) note(result);
  }
}

function summarise() {
  console.log(`\n${tests.size} tests, ${repeat} run(s): passed/run, slowest (s), title`);
  for (const [title, { passed, failed }] of tests) {
    const slowest = (Math.max(0, ...passed) / 1000).toFixed(1);
    console.log(`${passed.length}/${passed.length + failed.length}\t${slowest}\t${title}`);
    for (const reason of failed) console.log(`\t\t  ${reason}`);
  }
}

const folder = await mkdtemp(join(tmpdir(), 'mini-nova-faults-'));
let failedRuns = 0;
try {
  for (let run = 1; run <= repeat; run += 1) {
    console.log(`\nrun ${run} of ${repeat}`);
    const report = join(folder, `${run}.json`);
    // Errors that no test owns fail the run as well.
    if ((await runOnce(report)) !== 0) failedRuns += 1;
    await read(report);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
summarise();
console.log(`${repeat - failedRuns} of ${repeat} runs passed`);
process.exitCode = failedRuns === 0 ? 0 : 1;
