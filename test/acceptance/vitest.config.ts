/** The heavy suites: one after the other, since they measure memory and fill disks. */
import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['test/acceptance/*.accept.ts'], root: `${import.meta.dirname}/../..`, pool: 'threads', isolate: false, fileParallelism: false } });
