import { defineConfig } from 'vitest/config';

const conditions = ['@mini-nova/source', 'node'];

export default defineConfig({
  resolve: { conditions: [...conditions, 'import', 'module', 'default'] },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    name: 'compose',
    include: ['test/compose/**/*.test.ts'],
    globalSetup: ['test/build.ts'],
    testTimeout: 300_000,
    hookTimeout: 1_200_000, // images are made and built
    fileParallelism: false,
  },
});
