import { reportSchema } from './_rows.ts';
import { BenchCommand, benchExits, benchFlags } from './_bench.ts';

export default class BenchStore extends BenchCommand<typeof BenchStore> {
  static override readonly summary = 'Put and get blocks of the embedded store, beside bare SQLite';
  static override readonly description =
    'Blocks of 4 KiB and of 256 KiB. A put is flushed to the disk; a get is hashed. The limit is node:sqlite with one table and the same settings, and SHA-256. ' +
    'Works in the folder for temporary files (TMPDIR): put that on the disk in question.';
  static override readonly flags = benchFlags;
  static override readonly impact = 'read';
  static override readonly exits = benchExits;
  static override readonly schema = reportSchema;
  static override readonly seeAlso = ['bench seal', 'bench compare'];
  static override readonly examples = [
    { command: 'omniplex bench store', description: 'All of it' },
    { command: "TMPDIR=/srv/omniplex omniplex bench store --only 'store.put.*'", description: 'Writes, on another disk' },
  ];

  protected override readonly bench = 'store';
}
