/** Every bench with tiny sizes: rows as they were announced, each a valid row. What the numbers are is not asked. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { bytesOf } from '../../../src/core/base/bytes.ts';
import { systemClock } from '../../../src/core/base/clock.ts';
import { isError } from '../../../src/core/base/errors.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import { matches, runBench, type Bench, type BenchName, type BenchOptions } from '../../../src/core/bench/bench.ts';
import { loadBench } from '../../../src/core/bench/load.ts';
import { systemMeter } from '../../../src/core/bench/measure.ts';
import { atLeast, parseReport, units, type Report } from '../../../src/core/bench/report.ts';
import { freshFolder } from '../../support/folder.ts';
import { SyntheticMeter } from './synthetic.ts';

const folder = mkdtempSync(join(tmpdir(), 'omniplex-bench-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tiny: BenchOptions = {
  clock: systemClock,
  meter: systemMeter(systemClock),
  rng: systemRng,
  folder,
  launcher: join(folder, 'no-launcher.js'),
  samples: 1,
  seconds: 0.001,
  bytes: 100_000,
  only: [],
  provider: 'auto',
};

const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return isError(error) ? error.code : `not ours: ${String(error)}`;
};

function check(report: Report, expected: readonly string[]): void {
  expect(report.rows.map(({ id }) => id)).toEqual(expected);
  expect(parseReport(bytesOf(JSON.stringify(report)), 'a.json')).toEqual(report);
  for (const row of report.rows) {
    expect(row.value).toBeGreaterThan(0);
    expect(Object.hasOwn(units, row.unit)).toBe(true);
    expect(row.samples).toBeGreaterThan(0);
    if (row.limit !== undefined) expect(row.ratio).toBeGreaterThan(0);
    if (row.ratio !== undefined) {
      expect(row.limitOf).not.toBe('');
      expect(row.ratioLow).toBeLessThanOrEqual(row.ratio);
      expect(row.ratioHigh).toBeGreaterThanOrEqual(row.ratio);
    }
    if (row.budget?.of === 'ratio') expect(row.ok).toBe(row.budget.bound === 'at least' ? row.ratio! >= row.budget.number : row.ratio! <= row.budget.number);
  }
}

async function runTiny(name: BenchName, more: Partial<BenchOptions> = {}): Promise<Report> {
  const bench = await loadBench(name);
  const announced: string[] = [];
  const report = await runBench(bench, { ...tiny, ...more, onGroup: (ids) => announced.push(...ids) });
  check(report, more.only === undefined ? announced : report.rows.map(({ id }) => id));
  return report;
}

test('pq: one KEM, one signature, X25519, native beside noble', { timeout: 60_000 }, async () => {
  const report = await runTiny('pq', { only: ['pq.x-wing.*', 'pq.ed25519.sign', 'pq.x25519.agree'] });
  expect(report.rows).toHaveLength(6);
  expect(report.rows.find(({ id }) => id === 'pq.x-wing.encapsulate')).toMatchObject({ limitOf: 'noble', budget: { bound: 'at least', number: 15 }, details: { publicKeyBytes: 1216, ciphertextBytes: 1120 } });
});

test('pq under the noble provider has no limit', { timeout: 60_000 }, async () => {
  const report = await runTiny('pq', { provider: 'noble', only: ['pq.ml-kem-512.keygen'] });
  expect(report.machine.provider).toBe('noble');
  expect(report.rows[0]).not.toHaveProperty('ratio');
});

test('packet: clear, masked, and under a key used once', { timeout: 60_000 }, async () => {
  const report = await runTiny('packet');
  expect(report.rows.map(({ budget }) => budget?.number)).toEqual([1e6, 1e6, 2e5, 2e5, undefined, undefined]);
});

test('messages: symmetric with its budget, signed beside it', { timeout: 60_000 }, async () => {
  const report = await runTiny('messages');
  expect(report.rows.map(({ id, limitOf, budget }) => [id, limitOf, budget?.number])).toEqual([['messages.symmetric', 'primitives', 0.6], ['messages.signed', 'primitives', undefined]]);
});

test('store: put and get of both sizes beside bare SQLite', { timeout: 60_000 }, async () => {
  const report = await runTiny('store');
  expect(report.rows).toHaveLength(6);
  for (const row of report.rows) expect(row).toMatchObject({ limitOf: 'SQLite + SHA-256', budget: { of: 'ratio', bound: 'at least', number: 0.7 } });
});

test.each([1, 16_384, 100_000])('seal: memory, file and store, with a file of %i bytes', { timeout: 60_000 }, async (bytes) => {
  const report = await runTiny('seal', { bytes });
  expect(report.rows.map(({ id, budget }) => [id, budget?.number])).toEqual([
    ['seal.store.memory', 1],
    ['seal.store', 0.7],
    ['seal.file', undefined],
    ['seal.memory', 0.9],
    ['seal.memory.two-cores', 1.6],
    ['seal.limit.two-cores', undefined],
  ]);
});

test('what a bench wrote is gone when it ends', () => {
  expect(readdirSync(folder)).toEqual([]);
});

test('startup: a launcher that is not there is a failure, not a fast one', async () => {
  expect(await codeOf(runBench(await loadBench('startup'), tiny))).toBe('E_FAILED');
});

test('startup: every light command beside a bare node; one that ends otherwise than it should is a failure', { timeout: 60_000 }, async () => {
  const work = await freshFolder();
  const launcher = join(work, 'launcher.js');
  writeFileSync(launcher, "process.exitCode = process.argv.includes('show') ? 2 : 0;");
  const report = await runTiny('startup', { folder: work, launcher });
  expect(report.rows.map(({ budget, limitOf }) => [budget?.number, limitOf])).toEqual([1.2, 2.8, 2.8, 2.8, 2.8].map((number) => [number, 'node -e 0']));
  writeFileSync(launcher, '');
  expect(await codeOf(runBench(await loadBench('startup'), { ...tiny, folder: work, launcher }))).toBe('E_FAILED');
});

const planted = (slowness: number): Bench => ({
  name: 'pq',
  groups: ({ meter }) => [
    {
      ids: ['planted.one', 'planted.two'],
      async run(run) {
        const synthetic = meter as SyntheticMeter;
        const [limit, subject] = await run.measure([synthetic.contestant('limit', () => 1, 1), synthetic.contestant('subject', () => slowness, 1)]);
        const row = (id: string) => run.row({ id, label: id, unit: 'ops/s', basis: 'wall', subject, limit, budget: atLeast(0.9) });
        return [row('planted.one'), row('planted.two')];
      },
    },
  ],
});

test('a planted slow subject is not ok; a load that was there before is noise', async () => {
  const meter = new SyntheticMeter();
  const slow = await runBench(planted(2), { ...tiny, meter });
  expect(slow.rows.map(({ ok }) => ok)).toEqual([false, false]);
  expect(slow.noisy).toBe(false);
  const good = await runBench(planted(1.05), { ...tiny, meter });
  expect(good.rows.map(({ ok }) => ok)).toEqual([true, true]);
  meter.load = 0.9;
  expect((await runBench(planted(1), { ...tiny, meter })).noisy).toBe(true);
});

test('rows are chosen by pattern, and a pattern that chooses nothing is refused', async () => {
  const meter = new SyntheticMeter();
  const ids = async (only: readonly string[]) => (await runBench(planted(1), { ...tiny, meter, only })).rows.map(({ id }) => id);
  expect(await ids(['*.two'])).toEqual(['planted.two']);
  expect(await ids(['planted.*'])).toEqual(['planted.one', 'planted.two']);
  expect(await codeOf(runBench(planted(1), { ...tiny, meter, bytes: 0 }))).toBe('E_USAGE');
  for (const only of ['', 'planted', 'PLANTED.*', '*.three', 'planted.one.*one']) expect(await codeOf(ids([only]))).toBe('E_USAGE');
});

test('an aborted run ends with the reason', async () => {
  const reason = new Error('stopped');
  await expect(runBench(planted(1), { ...tiny, meter: new SyntheticMeter(), signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test.each([
  ['a*', 'a', true],
  ['*', '', true],
  ['**', 'x', true],
  ['a*a', 'a', false],
  ['a*b*c', 'aXbYc', true],
  ['a*b*c', 'aXcYb', false],
  ['ab*ba', 'aba', false],
  ['', '', true],
  ['', 'a', false],
  ['*ab', 'aab', true],
  ['a.c', 'abc', false],
])('%o matches %o: %s', (pattern, id, expected) => {
  expect(matches(pattern, id)).toBe(expected);
});
