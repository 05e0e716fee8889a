import { reportSchema } from './_rows.ts';
import { BenchCommand, benchExits, benchFlags } from './_bench.ts';

export default class BenchPacket extends BenchCommand<typeof BenchPacket> {
  static override readonly summary = 'Packets a second: encode, decode and verify, masked and not';
  static override readonly description = 'Of CPU time, on one core. The limit is the keyed BLAKE3 and the CRC32 that the format cannot do without.';
  static override readonly flags = benchFlags;
  static override readonly impact = 'read';
  static override readonly exits = benchExits;
  static override readonly schema = reportSchema;
  static override readonly seeAlso = ['bench compare'];
  static override readonly examples = [
    { command: 'omniplex bench packet', description: 'All of it' },
    { command: 'omniplex bench packet --json > before.json', description: 'For a comparison after a change' },
  ];

  protected override readonly bench = 'packet';
}
