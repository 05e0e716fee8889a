/**
 * Is the process that took a lock still there? A process id alone is reused; with its start time and the machine's boot it is not.
 * Answers `unknown` for a process of another machine, container or boot, and where the platform does not say: then the lease decides.
 * Source: proc_pid_stat(5), field 22.
 */
import { readFileSync, readlinkSync } from 'node:fs';

export interface HolderProcess {
  /** Boot and process namespace. Empty where the platform names neither. */
  readonly machine: string;
  readonly pid: number;
  /** Ticks since boot at the start of the process; 0 where the platform does not say. */
  readonly startedTicks: number;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function machine(): string {
  const boot = read('/proc/sys/kernel/random/boot_id')?.trim();
  if (boot === undefined) return '';
  try {
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

function startedTicks(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // the command's name is in parentheses and may hold anything, parentheses too
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // a zombie has ended, it only waits for its parent to look
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : Number(fields[19]);
}

export const thisProcess = (): HolderProcess => ({ machine: machine(), pid: process.pid, startedTicks: startedTicks(process.pid) ?? 0 });

export function liveness(holder: HolderProcess, here: HolderProcess = thisProcess()): 'alive' | 'gone' | 'unknown' {
  if (holder.machine === '' || holder.machine !== here.machine || holder.startedTicks === 0) return 'unknown';
  return startedTicks(holder.pid) === holder.startedTicks ? 'alive' : 'gone';
}
