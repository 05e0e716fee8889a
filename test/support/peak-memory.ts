/** The most memory that a process ever had, as Linux counts it. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

const LOOK_EVERY_MS = 20;

/** Bytes; undefined where the system does not say. The kernel keeps the peak, so only what grows in the last moments is missed. */
export function peakMemory(child: ChildProcess): Promise<number | undefined> {
  let peak: number | undefined;
  const look = (): void => {
    try {
      const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
      if (kib !== undefined) peak = Math.max(peak ?? 0, Number(kib) * 1_024);
    } catch {
      // it has ended, or this is not Linux
    }
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return new Promise((resolve) =>
    child.once('close', () => {
      clearInterval(timer);
      resolve(peak);
    }),
  );
}
