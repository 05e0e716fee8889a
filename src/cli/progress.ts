/**
 * How far long work is: bytes or items, rate, time remaining. Shown on stderr at a terminal only, and only once the work has taken
 * long enough to wonder; elsewhere nothing is written and nothing is loaded.
 */
import { systemClock } from '../core/base/clock.ts';
import { formatDuration } from '../core/base/duration.ts';
import { formatSize } from '../core/base/size.ts';
import { grouped } from './human.ts';
import { terminal, type Output } from './output.ts';

export interface ProgressOptions {
  /** A participle with its object: `sealing plan.pdf`. */
  readonly what: string;
  readonly unit: 'bytes' | 'items';
  /** When it is known. */
  readonly total?: number | undefined;
}

export interface Progress {
  /** So much is done in all, of `total` where that is known only now. Cheap: call it as often as you like. */
  at(done: number, total?: number): void;
  what(text: string): void;
  stop(): void;
}

const silent: Progress = { at: () => undefined, what: () => undefined, stop: () => undefined };

/** Not before this: most work is over by then. */
const SHOW_AFTER_MS = 400;
const REDRAW_MS = 100;
/** Beside the text: the spinner, a space, and the cursor. */
const SPINNER_COLUMNS = 3;

/** `sealing plan.pdf  31 %  620 MiB of 2.0 GiB  410 MiB/s  3s left`; in fewer columns without the rate, then without the amounts. */
export function progressText({ what, unit, total = 0 }: ProgressOptions, done: number, elapsedMs: number, columns = Infinity): string {
  const amount = (n: number) => (unit === 'bytes' ? formatSize(n) : grouped(Math.round(n)));
  const perSecond = elapsedMs <= 0 ? 0 : (done / elapsedMs) * 1_000;
  const share = total > 0 && `${Math.min(100, Math.floor((done / total) * 100))} %`;
  const amounts = total > 0 ? `${amount(done)} of ${amount(total)}` : amount(done);
  const rate = perSecond > 0 && `${amount(perSecond)}/s`;
  const left = perSecond > 0 && done < total && `${formatDuration(Math.ceil((total - done) / perSecond) * 1_000)} left`;
  const texts = [[what, share, amounts, rate, left], [what, share, amounts, left], [what, share || amounts, left]].map((parts) => parts.filter((part) => part !== false).join('  '));
  return texts.find((text) => text.length <= columns) ?? texts.at(-1)!;
}

type Spinner = { text: string; start(): unknown; stop(): unknown };

class TerminalProgress implements Progress {
  readonly #options: ProgressOptions;
  readonly #began = systemClock.monotonic();
  #what: string;
  #lastDrawnMs = 0;
  #spinner: Spinner | undefined;
  #loading = false;
  #stopped = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#what = options.what;
  }

  at(done: number, total = this.#options.total): void {
    const elapsedMs = systemClock.monotonic() - this.#began;
    if (this.#stopped || elapsedMs < SHOW_AFTER_MS || elapsedMs - this.#lastDrawnMs < REDRAW_MS) return;
    this.#lastDrawnMs = elapsedMs;
    const columns = (terminal().output.columns || 80) - SPINNER_COLUMNS;
    if (this.#spinner !== undefined) this.#spinner.text = progressText({ ...this.#options, what: this.#what, total }, done, elapsedMs, columns);
    else if (!this.#loading) void this.#load();
  }

  what(text: string): void {
    this.#what = text;
  }

  stop(): void {
    this.#stopped = true;
    this.#spinner?.stop();
  }

  /** Loading ora costs more than many a command takes: only now is it known that there will be something to see. */
  async #load(): Promise<void> {
    this.#loading = true;
    const { default: ora } = await import('ora');
    if (this.#stopped) return;
    // discardStdin would put the terminal into raw mode, where Ctrl-C no longer is a signal; and whoever is killed leaves a hidden cursor hidden.
    this.#spinner = ora({ text: this.#what, stream: terminal().output, discardStdin: false, hideCursor: false });
    this.#spinner.start();
  }
}

export const startProgress = (output: Output, options: ProgressOptions): Progress =>
  output.stderrIsTerminal && !output.format.quiet && process.env['TERM'] !== 'dumb' ? new TerminalProgress(options) : silent;
