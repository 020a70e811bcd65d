import { defineConfig } from 'vitest/config';

// Workspace packages are tested from their sources; only child processes started by bin/ use dist/.
const conditions = ['@mini-nova/source', 'node', 'import', 'module', 'default'];
const serverConditions = ['@mini-nova/source', 'node'];

const shared = {
  resolve: { conditions },
  // Vitest hands these to Node as --conditions. `import` must not be among them: Node would apply it to what CommonJS
  // packages require, too.
  ssr: { resolve: { conditions: serverConditions, externalConditions: serverConditions } },
};

export default defineConfig({
  ...shared,
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: ['{packages,services,benchmarks,chaos,docs}/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**', 'packages/messaging/test/faults/**'],
          setupFiles: ['test/patience.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          expect: { poll: { timeout: 20_000 } },
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...shared,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/global-setup.ts'],
          setupFiles: ['test/patience.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...shared,
        test: {
          name: 'conformance',
          include: ['conformance/**/*.test.ts'],
          globalSetup: ['test/global-setup.ts'],
          setupFiles: ['test/patience.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...shared,
        test: {
          name: 'faults',
          // Each file has brokers of its own, to be killed.
          include: ['packages/messaging/test/faults/*.test.ts'],
          setupFiles: ['test/patience.ts'],
          testTimeout: 90_000,
          hookTimeout: 120_000,
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/global-setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          // One deployment is a broker and six daemons: one at a time.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
