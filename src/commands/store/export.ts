import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { needed, parsed, repeated, text } from '../../cli/flags.ts';
import { optionalCidArgs, shared } from '../../cli/shared.ts';
import { fail } from '../../core/base/errors.ts';
import { parseSize } from '../../core/base/size.ts';
import { exportLines, exportSchema } from './_car.ts';

export default class StoreExport extends BaseCommand<typeof StoreExport> {
  static override readonly summary = 'Write messages into a CAR file: a stick is a transport';
  static override readonly description =
    'Whole messages with the packets that announce them, as ciphertext. --for takes what that contact has not confirmed, receipts too, and your bundle, so that the answer finds you. The files come into being together, flushed to the device, or not at all.';
  static override readonly args = { cid: optionalCidArgs('the messages; or --for') };
  static override readonly flags = {
    for: repeated(text({ value: 'NAME', description: 'everything that waits for this contact' })),
    split: parsed({ value: 'SIZE', description: 'several files of at most this size, x.001.car and on; 4GiB less a byte is the most on FAT32' }, parseSize),
    out: needed(shared.out),
  };
  static override readonly impact = 'read';
  static override readonly opensKey = false;
  static override readonly exits = { ...placeExits, 5: 'a message or contact is not there, or nothing waits for it', 6: 'a file is there already', 7: 'a message is not whole: `store verify`' };
  static override readonly examples = [
    { command: 'omniplex store export --for bob --out /media/usb/to-bob.car', description: 'What bob has not got yet' },
    { command: 'omniplex store export bafyreid5c2n7s3nqzzyjszvrbbhndsxmbfvv2c6ka7vbfxcmyxvqs4uiam --split 2GiB --out big.car', description: 'One message, in pieces that any stick takes' },
  ];
  static override readonly schema = exportSchema;
  static override readonly seeAlso = ['store import', 'inspect', 'outbox export'];

  override async run(): Promise<Answer<typeof exportSchema>> {
    const { for: names, split, out } = this.flags;
    const { cid: cids } = this.args;
    if ((cids.length === 0) === (names.length === 0)) throw fail('E_USAGE', { why: 'name messages by CID, or contacts with --for; one of both' });
    const app = await this.session.app();
    const into = out === '-' ? await this.session.artifact('-', { binary: true }) : undefined;
    this.doing('exporting');
    const progress = await this.session.progress({ what: `writing ${into?.name ?? out}`, unit: 'bytes' });
    const request = { out: into?.name ?? out, into, signal: this.signal, onProgress: ({ bytes }: { readonly bytes: number }) => progress.at(bytes), ...(split !== undefined && { splitBytes: split }) };
    if (names.length > 0) return (await import('../../core/mail/travel.ts')).exportFor(await app.mail(), { names, ...request });
    const { files, messages, packets, blocks } = await (await app.store()).exportCar(cids, request);
    return { result: { files, messages, receipts: 0, packets, blocks, bundle: null, for: [] }, changed: true };
  }

  protected override render(result: Infer<typeof exportSchema>): Lines {
    return exportLines(result);
  }
}
