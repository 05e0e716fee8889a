/** What all benchmarks have in common at the terminal: flags, a folder that goes away, progress, the report file, the warnings. */
import type { OptionFlag } from '@oclif/core/interfaces';
import { openArtifact } from '../../cli/artifact.ts';
import { BaseCommand, type Answer, type Lines, type View } from '../../cli/command.ts';
import { choice, parsed, repeated, text, whole } from '../../cli/flags.ts';
import { startProgress } from '../../cli/progress.ts';
import { limits } from '../../core/base/limits.ts';
import { parseSize } from '../../core/base/size.ts';
import type { BenchName } from '../../core/bench/bench.ts';
import { markdownLines, reportLines, type reportSchema, type ShownReport } from './_rows.ts';

export const benchFlags = {
  samples: whole({ value: 'N', min: 1, max: limits.benchSamplesMax, description: 'samples of each contestant, at most', otherwise: String(limits.benchSamples) }),
  seconds: whole({ value: 'N', min: 1, max: limits.benchSecondsMax, description: 'time for the samples of each contestant', otherwise: String(limits.benchSeconds) }),
  only: repeated(text({ value: 'PATTERN', description: 'rows by id, * for any characters' })),
  provider: choice(['native', 'noble'], { description: 'the crypto provider that does the work', otherwise: 'native where it works' }),
  format: choice(['table', 'markdown'], { description: 'a table with bars, or Markdown to paste into a report', otherwise: 'table' }),
  out: text({ value: 'FILE', char: 'o', description: 'keep the report, for `omniplex bench compare`' }),
};

export const sizeFlag: OptionFlag<number | undefined> = parsed({ value: 'SIZE', description: 'size of the large file', otherwise: '1GiB' }, parseSize);

export const benchExits = { 2: 'a pattern of --only chooses no row', 5: 'the folder of --out is not there', 6: 'the file of --out is there already' };

interface Given {
  readonly samples: number | undefined;
  readonly seconds: number | undefined;
  readonly size?: number | undefined;
  readonly only: readonly string[];
  readonly provider: 'native' | 'noble' | undefined;
  readonly format: 'table' | 'markdown' | undefined;
  readonly out: string | undefined;
}

export abstract class BenchCommand<C extends { args: object; flags: object }> extends BaseCommand<C> {
  protected abstract readonly bench: BenchName;
  /** Whether sizes of keys and ciphertexts belong into the table. */
  protected readonly sizes: boolean = false;

  get #given(): Given {
    return this.flags as unknown as Given;
  }

  override async run(): Promise<Answer<typeof reportSchema>> {
    const { samples = limits.benchSamples, seconds = limits.benchSeconds, size, only, provider = 'auto', out } = this.#given;
    const [{ mkdtemp, rm }, { tmpdir }, { join }] = await Promise.all([import('node:fs/promises'), import('node:os'), import('node:path')]);
    const [{ runBench }, { loadBench }, { systemMeter }, { noiseReasons }, { systemClock }, { systemRng }] = await Promise.all([
      import('../../core/bench/bench.ts'),
      import('../../core/bench/load.ts'),
      import('../../core/bench/measure.ts'),
      import('../../core/bench/report.ts'),
      import('../../core/base/clock.ts'),
      import('../../core/base/rng.ts'),
    ]);
    const artifact = out === undefined ? undefined : await openArtifact(this.session, out);
    const folder = await mkdtemp(join(tmpdir(), 'omniplex-bench-'));
    this.atEnd(() => rm(folder, { recursive: true, force: true }));
    this.doing(`measuring ${this.bench}`);
    const progress = startProgress(this.output, { what: `measuring ${this.bench}`, unit: 'items' });
    this.atEnd(() => progress.stop());
    let done = 0;
    const report = await runBench(await loadBench(this.bench), {
      clock: systemClock,
      meter: systemMeter(systemClock),
      rng: systemRng,
      folder,
      launcher: join(this.config.root, 'bin', 'run.js'),
      samples,
      seconds,
      bytes: size,
      only,
      provider,
      signal: this.signal,
      onGroup: ([first]) => {
        progress.what(`measuring ${first}`);
        progress.at(done);
      },
      onRow: () => progress.at(++done),
    });
    progress.stop();
    if (artifact !== undefined) {
      await artifact.write(new TextEncoder().encode(`${JSON.stringify(report, null, 2)}\n`));
      await artifact.commit();
    }
    for (const why of noiseReasons(report)) this.warning('W_NOISY', { why });
    return { result: report, changed: artifact !== undefined };
  }

  protected override async render(report: ShownReport, view: View): Promise<Lines> {
    const options = { sizes: this.sizes };
    return this.#given.format === 'markdown' ? markdownLines(report, view, options) : reportLines(report, view, options);
  }
}
