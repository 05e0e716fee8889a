import { reportSchema } from './_rows.ts';
import { BenchCommand, benchExits, benchFlags } from './_bench.ts';

export default class BenchMessages extends BenchCommand<typeof BenchMessages> {
  static override readonly summary = 'Small messages a second, beside the sum of their primitives';
  static override readonly description =
    'Messages of 1 KiB, of CPU time: with a session stanza and no signature, and with X-Wing, Ed25519 and ML-DSA. The limit is the same HMACs, hashes, ciphers, ' +
    'encapsulations and signatures on bytes of the same lengths, and nothing else.';
  static override readonly flags = benchFlags;
  static override readonly impact = 'read';
  static override readonly exits = benchExits;
  static override readonly schema = reportSchema;
  static override readonly seeAlso = ['bench pq', 'bench compare'];
  static override readonly examples = [
    { command: 'omniplex bench messages', description: 'Both kinds' },
    { command: 'omniplex bench messages --provider noble', description: 'On a platform without OpenSSL 3.5' },
  ];

  protected override readonly bench = 'messages';
}
