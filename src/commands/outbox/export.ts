import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { ringExits } from '../../cli/exits.ts';
import { nameArg, needed } from '../../cli/flags.ts';
import { count, size } from '../../cli/human.ts';
import { boolean, integer, object, optional, string } from '../../cli/schema.ts';
import { shared } from '../../cli/shared.ts';

const schema = object({
  cid: string(),
  id: optional(string('the key of --id')),
  out: string(),
  bytes: integer(),
  receipts: object({ total: integer(), received: integer(), opened: integer(), refused: integer(), missing: integer('known here, no longer in the store'), waiting: integer('came; the keys that signed them are not known here') }),
  collected: boolean('false: receipts may wait in the store, and no key was at hand to open them'),
  bundles: integer('of those who signed'),
});

export default class OutboxExport extends BaseCommand<typeof OutboxExport> {
  static override readonly summary = 'Write the evidence that a message was sent and opened';
  static override readonly description =
    'Receipts that came back are taken in first; the passphrase is asked only where one may have come, and where it cannot be, the file is written without them: exit 12. A CAR with the manifest, every receipt with the key that opens it, and the bundles of who signed: it verifies offline and holds no secret of yours. `inspect` reads it.';
  static override readonly args = { message: nameArg('its CID, or the key of --id') };
  static override readonly flags = { out: needed(shared.out) };
  static override readonly impact = 'write';
  static override readonly opensKey = true;
  static override readonly exits = { ...ringExits, 5: 'nothing of that name was sent', 6: 'the file exists', 12: 'written without receipts that are no longer in the store, or could not be opened' };
  static override readonly examples = [{ command: 'omniplex outbox export release-4.2.0 --out evidence.car && omniplex inspect evidence.car', description: 'Write it and look at it' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['inspect', 'outbox show'];

  override async run(): Promise<Answer<typeof schema>> {
    const mail = await (await this.session.app()).mail();
    const { exportEvidence } = await import('../../core/mail/outbox-export.ts');
    return exportEvidence(mail, this.args.message, { out: this.flags.out!, signal: this.signal });
  }

  protected override render({ out, bytes, cid, receipts }: Infer<typeof schema>): Lines {
    const { opened, received, refused } = receipts;
    const proved = opened + received + refused;
    const told = proved === 0 ? 'no receipt: it proves that the manifest was made, and nothing of who has it' : `${count(proved, 'receipt')} (${opened} opened, ${received} received, ${refused} refused), each signed; verifies offline`;
    return `${out} ${size(bytes)}: manifest ${cid}, ${told}`;
  }
}
