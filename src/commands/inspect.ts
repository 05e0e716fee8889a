import { BaseCommand, type Answer, type Lines, type View } from '../cli/command.ts';
import { placeExits } from '../cli/exits.ts';
import { arg } from '../cli/flags.ts';
import { inspected } from '../cli/inspect-schema.ts';
import { inspectLines } from '../cli/inspect-view.ts';
import type { Inspected } from '../core/inspect/index.ts';

export default class Inspect extends BaseCommand<typeof Inspect> {
  static override readonly summary = 'Say what a file or a block is, and prove what needs no key';
  static override readonly description =
    'Takes a packet, manifest, bundle, receipt, CAR, evidence, ciphertext, key ring or backup. Opens no private key: it shows the fields, how many can open it, whether it is post-quantum, and what cannot be seen. Signatures are checked where the keys came along.';
  static override readonly args = { what: arg('a CID in the store, a file, or - for stdin; a file whose name is a CID is written ./CID') };
  static override readonly impact = 'read';
  static override readonly opensKey = false;
  static override readonly exits = { ...placeExits, 3: 'of a newer format', 5: 'there is no such file or block', 7: 'damaged, forged, or nothing of OmniPlex' };
  static override readonly examples = [
    { command: 'omniplex inspect /media/usb/to-alice.car', description: 'What is on the stick, and is it whole?' },
    { command: 'omniplex inspect evidence.car', description: 'Who signed receipts for a message? Verified offline' },
    { command: 'omniplex inspect bafyreid5c2n7s3nqzzyjszvrbbhndsxmbfvv2c6ka7vbfxcmyxvqs4uiam --json', description: 'What the store can see of a message' },
  ];
  static override readonly schema = inspected;
  static override readonly seeAlso = ['store show', 'inbox show', 'backup show', 'help formats'];

  override async run(): Promise<Answer<typeof inspected>> {
    const { inspecting } = await import('../cli/inspecting.ts');
    return inspecting(this.session, this.args.what);
  }

  protected override render(found: Inspected, view: View): Lines {
    return inspectLines(found, view);
  }
}
