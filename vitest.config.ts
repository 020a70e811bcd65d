import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { PATIENCE } from './test/patience-ms.ts';

// Workspace packages are tested from their sources; only child processes started by bin/ use dist/.
const conditions = ['@mini-nova/source', 'node', 'import', 'module', 'default'];
const serverConditions = ['@mini-nova/source', 'node'];

const shared = {
  resolve: { conditions },
  // Vitest hands these to Node as --conditions. `import` must not be among them: Node would apply it to what CommonJS
  // packages require, too.
  ssr: { resolve: { conditions: serverConditions, externalConditions: serverConditions } },
};

/** No load may break these: they end what hangs. A test that asserts how long something takes is a benchmark. */
const patient = {
  setupFiles: ['test/patience.ts'],
  testTimeout: 300_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: PATIENCE } },
};

export default defineConfig({
  ...shared,
  test: {
    // Of one run, for `npm test` has several beside each other: brokers and daemons work, too.
    maxWorkers: availableParallelism(),
    projects: [
      {
        ...shared,
        test: {
          ...patient,
          name: 'unit',
          include: ['{packages,services,benchmarks,chaos,docs}/**/*.test.ts', 'test/cloud/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**', 'packages/messaging/test/faults/**'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...shared,
        test: {
          ...patient,
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/global-setup.ts'],
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...shared,
        test: {
          ...patient,
          name: 'conformance',
          include: ['conformance/**/*.test.ts'],
          globalSetup: ['test/global-setup.ts'],
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...shared,
        test: {
          ...patient,
          name: 'faults',
          // Each file has brokers of its own, to be killed: one at a time.
          include: ['packages/messaging/test/faults/*.test.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        ...shared,
        test: {
          ...patient,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/global-setup.ts'],
          // One deployment is a broker and six daemons: one at a time.
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
