import { reportSchema } from './_rows.ts';
import { BenchCommand, benchExits, benchFlags } from './_bench.ts';

export default class BenchPq extends BenchCommand<typeof BenchPq> {
  static override readonly summary = 'Native against noble: post-quantum and classical primitives, with sizes';
  static override readonly description =
    'Key generation, encapsulation, decapsulation, signing and verifying, in operations a second of CPU time. Native is OpenSSL, noble is audited JavaScript; ' +
    'the ratio is native over noble. A key that is used again is cached by the native provider; "encapsulate-new" meets a new recipient each time.';
  static override readonly flags = benchFlags;
  static override readonly impact = 'read';
  static override readonly exits = benchExits;
  static override readonly schema = reportSchema;
  static override readonly seeAlso = ['bench compare', 'selftest'];
  static override readonly examples = [
    { command: 'omniplex bench pq', description: 'All of them, with bars' },
    { command: 'omniplex bench pq --format markdown', description: 'The same as a table to paste into a report' },
    { command: "omniplex bench pq --only 'pq.x-wing.*'", description: 'X-Wing alone' },
  ];

  protected override readonly bench = 'pq';
  protected override readonly sizes = true;
}
