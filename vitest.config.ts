import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { PATIENCE } from './test/patience-ms.ts';

// Workspace packages are tested from their sources; only child processes use dist/, which is built before the tests that start any.
const conditions = ['@mini-nova/source', 'node', 'import', 'module', 'default'];
const serverConditions = ['@mini-nova/source', 'node'];

const shared = {
  resolve: { conditions },
  // Vitest hands these to Node as --conditions. `import` must not be among them: Node would apply it to what CommonJS
  // packages require, too.
  ssr: { resolve: { conditions: serverConditions, externalConditions: serverConditions } },
};

const PATIENT = ['test/patience.ts'];

/** No load may break these: they end what hangs. A test that asserts how long something takes is a benchmark. */
const patient: TestProjectInlineConfiguration['test'] = {
  setupFiles: PATIENT,
  testTimeout: 300_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: PATIENCE } },
  // Turns of the event loop stay real: what waits for one (`turns.ts`) would wait for ever when real timers come back.
  fakeTimers: {
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  },
};

/** Files of packages and services say in their names in which room they are tested. */
const EVERYWHERE = '{packages,services,benchmarks,chaos,docs}/**/*';

const BUILD = 'test/build.ts';
const SERVERS = 'test/global-setup.ts';

/** One room of tests; those of the same order run beside each other. */
function project(name: string, groupOrder: number, options: TestProjectInlineConfiguration['test']) {
  return { ...shared, test: { ...patient, name, sequence: { groupOrder }, ...options } };
}

export default defineConfig({
  ...shared,
  test: {
    // Of one run, for `npm test` has several beside each other: brokers and daemons work, too.
    maxWorkers: availableParallelism(),
    projects: [
      project('unit', 0, {
        include: [`${EVERYWHERE}.test.ts`],
        exclude: [
          '**/node_modules/**',
          '**/dist/**',
          '**/*.{cloud,integration}.test.ts',
          'packages/messaging/test/faults/**',
        ],
        // To make a process and read all modules again costs more than the tests of most files: no file leaves a global changed.
        isolate: false,
        setupFiles: [...PATIENT, 'test/unchanged-globals.ts'],
      }),
      project('cloud', 1, { include: [`${EVERYWHERE}.cloud.test.ts`, 'test/cloud/**/*.test.ts'] }),
      project('integration', 2, {
        include: [`${EVERYWHERE}.integration.test.ts`, 'test/integration/**/*.test.ts'],
        globalSetup: [BUILD, SERVERS],
      }),
      project('conformance', 2, {
        include: ['conformance/**/*.test.ts'],
        globalSetup: [BUILD, SERVERS],
      }),
      project('faults', 3, {
        // Each file has brokers of its own, to be killed: one at a time.
        include: ['packages/messaging/test/faults/*.test.ts'],
        globalSetup: [BUILD],
        maxWorkers: 1,
      }),
      project('e2e', 4, {
        include: ['test/e2e/**/*.test.ts'],
        globalSetup: [BUILD, SERVERS],
        // One deployment is a broker and six daemons: one at a time.
        fileParallelism: false,
      }),
    ],
  },
});
