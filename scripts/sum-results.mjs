// `node scripts/sum-results.mjs FOLDER STATUS`: names the tests that failed in FOLDER's vitest results (JSON), with the first
// lines of what they said, and ends with the line "N passed, N failed". STATUS is 1 when something else failed, too, or a run
// left no results: that counts as one failure.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const MOST_LINES = 12;
const [folder, status] = process.argv.slice(2);

function resultsOf(file) {
  try {
    return JSON.parse(readFileSync(join(folder, file), 'utf8'));
  } catch (error) {
    return { unreadable: `${file}: ${error.message}` };
  }
}

/** What a test said, and where it said so, as far as a person reads on. */
function firstLines(message) {
  return message.trim().split('\n').slice(0, MOST_LINES).join('\n  ');
}

/** One text for each test that failed, and for each file that failed outside of its tests. */
function failuresOf({ testResults = [], unreadable }) {
  if (unreadable) return [unreadable];
  return testResults.flatMap(({ name: file, status: ofFile, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0 && ofFile === 'failed') return [`${file}: ${firstLines(message)}`];
    return failed.map((test) => `${file} > ${test.fullName}: ${firstLines(test.failureMessages.join('\n'))}`);
  });
}

const results = readdirSync(folder).map(resultsOf);
const passed = results.reduce((sum, { numPassedTests = 0 }) => sum + numPassedTests, 0);
const failures = results.flatMap(failuresOf);
const failed = Math.max(failures.length, Number(status));
for (const failure of failures) console.log(`FAILED ${failure}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
