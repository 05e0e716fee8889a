/** A clock that only moves when it is told to. Sleepers wake in the order of their times. */
import type { Clock } from '../../src/core/base/clock.ts';

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

export class ManualClock implements Clock {
  #elapsedMs = 0;
  #wallMs: number;
  #sleepers: Sleeper[] = [];

  constructor(startMs = Date.UTC(2026, 10, 23)) {
    this.#wallMs = startMs;
  }

  now(): number {
    return this.#wallMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  get sleeping(): number {
    return this.#sleepers.length;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper: Sleeper = { atMs: this.#elapsedMs + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
        reject(signal.reason);
      });
    });
  }

  /** Wall and monotonic time together. */
  advance(ms: number): void {
    this.#elapsedMs += ms;
    this.#wallMs += ms;
    const due = this.#sleepers.filter(({ atMs }) => atMs <= this.#elapsedMs).sort((a, b) => a.atMs - b.atMs);
    this.#sleepers = this.#sleepers.filter((sleeper) => !due.includes(sleeper));
    for (const { wake } of due) wake();
  }

  /** The wall clock alone, as an operator or NTP moves it. */
  jump(ms: number): void {
    this.#wallMs += ms;
  }
}
