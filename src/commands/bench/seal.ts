import { reportSchema } from './_rows.ts';
import { BenchCommand, benchExits, benchFlags, sizeFlag } from './_bench.ts';

export default class BenchSeal extends BenchCommand<typeof BenchSeal> {
  static override readonly summary = 'Seal a large file: in memory, from a file, into the store';
  static override readonly description =
    'In memory beside the arithmetic (AES-256-GCM in 16 KiB calls, then SHA-256), on one core and on two; into an embedded store beside the slower of sealing alone ' +
    'and bare SQLite alone; and the peak memory of a send. Works in the folder for temporary files (TMPDIR): put that on the disk in question. It needs twice the size.';
  static override readonly flags = { ...benchFlags, size: sizeFlag };
  static override readonly impact = 'read';
  static override readonly exits = benchExits;
  static override readonly schema = reportSchema;
  static override readonly seeAlso = ['bench store', 'bench compare'];
  static override readonly examples = [
    { command: 'omniplex bench seal --size 256MiB', description: 'All of it, with a smaller file' },
    { command: 'omniplex bench seal --size 10GiB --only seal.store.memory', description: 'Memory stays flat, whatever the size' },
  ];

  protected override readonly bench = 'seal';
}
