/**
 * How long a command takes to answer, beside a bare `node -e 0` in the same run. Child processes, wall time: the CPU time of a child
 * cannot be read from here. The children get a home and a cache of their own; the cache is warm after the warm-up, as it is for
 * everyone who runs a command twice.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fail } from '../base/errors.ts';
import type { Bench, BenchRun } from './bench.ts';
import type { Contestant } from './measure.ts';
import { atMost } from './report.ts';

/** Commands that open no home and no store: what they cost, every command costs. */
const light = {
  'startup.version': { argv: ['--version'], budget: 1.2 },
  'startup.help': { argv: ['--help'], budget: 2.8 },
  'startup.explain': { argv: ['explain', 'E_MAC'], budget: 2.8 },
  'startup.explain-json': { argv: ['explain', 'E_MAC', '--json'], budget: 2.8 },
  'startup.refused': { argv: ['inbox', 'show'], budget: 2.8, exit: 2 },
} as const satisfies Record<string, { argv: readonly string[]; budget: number; exit?: number }>;

type LightId = keyof typeof light;
const ids = Object.keys(light) as LightId[];

function child(name: string, argv: readonly string[], exit: number, { folder }: BenchRun): Contestant {
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, XDG_CACHE_HOME: join(folder, 'cache'), OMNIPLEX_HOME: join(folder, 'home'), LANG: 'C.UTF-8' };
  return {
    name,
    calls: 1,
    run: () => {
      const { status, signal, error } = spawnSync(process.execPath, [...argv], { stdio: 'ignore', env, cwd: folder });
      if (status !== exit) throw fail('E_FAILED', { why: `${name} ended with ${error?.message ?? signal ?? `exit ${status}`}, not exit ${exit}` }, error);
    },
  };
}

export const startup: Bench = {
  name: 'startup',
  groups: () => [
    {
      ids,
      async run(run) {
        const bare = child('node -e 0', ['-e', '0'], 0, run);
        const commands = ids.map((id) => {
          const one: { argv: readonly string[]; exit?: number } = light[id];
          return child(`omniplex ${one.argv.join(' ')}`, [run.launcher, ...one.argv], one.exit ?? 0, run);
        });
        const [limit, ...series] = await run.measure([bare, ...commands], { warmUp: 2 });
        if (limit === undefined) throw new RangeError('no contestants');
        return ids.map((id, i) => {
          const subject = series[i];
          if (subject === undefined) throw new RangeError('a contestant has no series');
          return run.row({ id, label: subject.name, unit: 'ms', basis: 'wall', subject, limit, budget: atMost(light[id].budget) });
        });
      },
    },
  ],
};
