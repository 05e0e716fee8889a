import { reportSchema } from './_rows.ts';
import { BenchCommand, benchExits, benchFlags } from './_bench.ts';

export default class BenchStartup extends BenchCommand<typeof BenchStartup> {
  static override readonly summary = 'How long a command takes to answer, beside a bare node';
  static override readonly description = 'Child processes, in turns with `node -e 0`. The children get an empty home and a warm cache of compiled code.';
  static override readonly flags = benchFlags;
  static override readonly impact = 'read';
  static override readonly exits = { ...benchExits, 1: 'a command that was started did not end as it should' };
  static override readonly schema = reportSchema;
  static override readonly seeAlso = ['bench compare'];
  static override readonly examples = [
    { command: 'omniplex bench startup', description: 'Every light command, thirty times' },
    { command: 'omniplex bench startup --samples 100 --out startup.json', description: 'More samples, kept for a comparison' },
  ];

  protected override readonly bench = 'startup';
}
