/** The benchmarks by name. */
import type { Bench, BenchName } from './bench.ts';

/** Each bench loads what it measures, and that is much: only the one asked for is loaded. */
export async function loadBench(name: BenchName): Promise<Bench> {
  switch (name) {
    case 'startup':
      return (await import('./startup.ts')).startup;
    case 'pq':
      return (await import('./pq.ts')).pq;
    case 'packet':
      return (await import('./packet.ts')).packet;
    case 'seal':
      return (await import('./seal.ts')).seal;
    case 'messages':
      return (await import('./messages.ts')).messages;
    case 'store':
      return (await import('./store.ts')).store;
  }
}
