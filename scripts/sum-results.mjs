// `node scripts/sum-results.mjs FOLDER [STEP ...]`: names the steps that failed, as told, and the tests that failed in the
// vitest results (JSON) in FOLDER's folders, which are named for what ran them, with the first lines of what they said; ends with
// the line "N passed, N failed". Each step that failed counts for one at least: its tests may not be all that did.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const MOST_LINES = 12;
const [folder, ...steps] = process.argv.slice(2);

function resultsOf(file) {
  try {
    return { ...JSON.parse(readFileSync(join(folder, file), 'utf8')), ranBy: dirname(file) };
  } catch (error) {
    return { unreadable: `${file}: ${error.message}` };
  }
}

/** What a test said, and where it said so, as far as a person reads on. */
function firstLines(message) {
  return message.trim().split('\n').slice(0, MOST_LINES).join('\n  ');
}

/** One text for each test that failed, and for each file that failed outside of its tests. */
function failuresOf({ testResults = [], unreadable, ranBy }) {
  if (unreadable) return [unreadable];
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = `${ranBy}: ${name}`;
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0 && status === 'failed') return [`${file}: ${firstLines(message) || 'a hook'}`];
    return failed.map((test) => `${file} > ${test.fullName}: ${firstLines(test.failureMessages.join('\n'))}`);
  });
}

const files = readdirSync(folder, { recursive: true }).filter((path) => path.endsWith('.json'));
const results = files.map(resultsOf);
const passed = results.reduce((sum, { numPassedTests = 0 }) => sum + numPassedTests, 0);
const failures = results.flatMap(failuresOf);
const failed = Math.max(failures.length, steps.length);
for (const failure of [...steps, ...failures]) console.log(`FAILED ${failure}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
