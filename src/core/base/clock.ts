/**
 * Time is given, never taken: the core asks a Clock, and a simulation gives its own.
 * This file is the one home of Date.now, performance.now and setTimeout.
 */

export interface Clock {
  /** Wall clock, milliseconds since the epoch. May jump. */
  now(): number;
  /** Monotonic milliseconds since an arbitrary start. Never goes back. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};

/** The last millisecond that a date can say (ECMA-262, Time Values). */
export const TIME_MS_MAX = 8_640_000_000_000_000;

/** RFC 3339 in UTC with milliseconds, the only spelling of a time that the core writes. */
export const rfc3339 = (ms: number): string => new Date(ms).toISOString();
