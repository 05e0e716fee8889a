/**
 * Threads without isolation: a worker keeps its modules from one file to the next, which is what makes a run short. A test that
 * leaves global state behind therefore breaks another one, and is at fault.
 */
import { defineConfig } from 'vitest/config';

if (Number.parseInt(process.versions.node, 10) < 26) throw new Error(`the tests run on Node 26, not ${process.version}: npm test`);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'threads',
    isolate: false,
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    passWithNoTests: false,
  },
});
