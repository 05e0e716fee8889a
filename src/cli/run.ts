/**
 * The life of one command: signals, the whole-command timeout, clean-up, and an end in every case.
 * The first Ctrl-C aborts the work and the command answers as soon as it has cleaned up, within a bounded grace time;
 * the second one kills the process the way the system would have. `timeout` and systemd signal a whole group: the same signal then comes from
 * them and from the launcher, and counts once.
 */
import type { EventEmitter } from 'node:events';
import { systemClock } from '../core/base/clock.ts';
import { fail, isError } from '../core/base/errors.ts';
import { limits } from '../core/base/limits.ts';
import { registered } from './bug.ts';

type CleanUp = () => void | Promise<void>;

const SIGNALS = { SIGINT: 'E_INTERRUPTED', SIGTERM: 'E_TERMINATED', SIGHUP: 'E_TERMINATED' } as const;
type Signal = keyof typeof SIGNALS;
const signalNames = Object.keys(SIGNALS) as Signal[];
const events: EventEmitter = process;

/** The reason of an abort that is no failure: whoever read the answer has left. */
export const READER_GONE = Symbol('the reader of stdout has gone');

export class Run {
  /** What the command is at, in a participle: a timeout names it. */
  doing = 'working';
  readonly #controller = new AbortController();
  readonly #over = new AbortController();
  readonly #cleanUps: CleanUp[] = [];
  readonly #listeners: [string, (detail: unknown) => void][] = [];
  readonly #cut = Promise.withResolvers<never>();
  #signalled: { readonly name: Signal; readonly atMs: number } | undefined;

  constructor() {
    this.#cut.promise.catch(() => undefined);
    this.signal.addEventListener('abort', () => void this.#cutAfterGrace(), { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Called once at the end, last registered first, whatever happened. What it throws is not told. */
  atEnd(cleanUp: CleanUp): void {
    this.#cleanUps.push(cleanUp);
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** `hint` is asked for when the time is over: what stands then, and what a second run does. */
  startTimeout(ms: number, text: string, hint: () => string): void {
    systemClock.sleep(ms, this.#over.signal).then(
      () => this.abort(fail('E_TIMEOUT', { after: text, doing: this.doing, hint: hint() })),
      () => undefined,
    );
  }

  /** Takes over signals and stray exceptions until `stop`. */
  start(): void {
    for (const name of signalNames) this.#listen(name, () => this.#onSignal(name));
    this.#listen('uncaughtException', (error) => this.#cut.reject(error));
    // Nothing is left to wait for and there is no answer: the input ended in the middle of a question.
    this.#listen('beforeExit', () => this.#cut.reject(this.signal.aborted ? this.signal.reason : fail('E_INTERRUPTED')));
  }

  stop(): void {
    for (const [name, listener] of this.#listeners.splice(0)) events.removeListener(name, listener);
    this.#over.abort();
  }

  /**
   * Runs `act` to its end, then the clean-ups. After an abort it waits for `act` only so long as the grace time allows.
   * Rejects with an error of the registry, or with READER_GONE.
   */
  async settle<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await Promise.race([act(), this.#cut.promise]);
    } catch (error) {
      throw this.#judge(error);
    } finally {
      await this.#cleanUp();
    }
  }

  /** What an abort broke is explained by the abort, not by what broke; only an unknown outcome says more. */
  #judge(error: unknown): unknown {
    if (!this.signal.aborted || isError(error, 'E_UNKNOWN_OUTCOME')) return registered(error);
    const reason: unknown = this.signal.reason;
    return reason === READER_GONE ? reason : registered(reason);
  }

  #listen(name: string, listener: (detail: unknown) => void): void {
    events.on(name, listener);
    this.#listeners.push([name, listener]);
  }

  #onSignal(name: Signal): void {
    const first = this.#signalled;
    if (first?.name === name && systemClock.monotonic() - first.atMs < limits.signalEchoMs) return;
    this.#signalled = { name, atMs: systemClock.monotonic() };
    if (first !== undefined) {
      for (const other of signalNames) process.removeAllListeners(other);
      process.kill(process.pid, name);
    }
    this.abort(fail(SIGNALS[name]));
  }

  async #cutAfterGrace(): Promise<void> {
    try {
      await systemClock.sleep(limits.signalGraceMs, this.#over.signal);
    } catch {
      return;
    }
    this.#cut.reject(this.signal.reason);
  }

  async #cleanUp(): Promise<void> {
    for (const cleanUp of this.#cleanUps.splice(0).reverse()) {
      try {
        const pending = Promise.resolve(cleanUp());
        await (this.signal.aborted ? Promise.race([pending, systemClock.sleep(limits.signalGraceMs)]) : pending);
      } catch {
        // A failed clean-up has nothing to add to the answer, which is already decided.
      }
    }
  }
}
