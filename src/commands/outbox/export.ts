import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { nameArg, needed } from '../../cli/flags.ts';
import { count, size } from '../../cli/human.ts';
import { integer, object, optional, string } from '../../cli/schema.ts';
import { shared } from '../../cli/shared.ts';

const schema = object({
  cid: string(),
  id: optional(string('the key of --id')),
  out: string(),
  bytes: integer(),
  receipts: object({ total: integer(), received: integer(), opened: integer(), refused: integer(), missing: integer('known here, no longer in the store') }),
  bundles: integer('of those who signed'),
});

export default class OutboxExport extends BaseCommand<typeof OutboxExport> {
  static override readonly summary = 'Write the evidence that a message was sent and opened';
  static override readonly description =
    'A CAR with the manifest, every receipt with the key that opens it, and the bundles of who signed: it verifies offline and holds no secret of yours. `inspect` reads it.';
  static override readonly args = { message: nameArg('its CID, or the key of --id') };
  static override readonly flags = { out: needed(shared.out) };
  static override readonly impact = 'read';
  static override readonly exits = { 5: 'nothing of that name was sent', 6: 'the file exists', 12: 'some receipts are no longer in the store' };
  static override readonly examples = [{ command: 'omniplex outbox export release-4.2.0 --out evidence.car && omniplex inspect evidence.car', description: 'Write it and look at it' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['inspect', 'outbox show'];

  override async run(): Promise<Answer<typeof schema>> {
    const mail = await (await this.session.app()).mail();
    const { exportEvidence } = await import('../../core/mail/outbox-export.ts');
    return exportEvidence(mail, this.args.message, { out: this.flags.out! });
  }

  protected override render({ out, bytes, cid, receipts }: Infer<typeof schema>): Lines {
    const { total, opened, received, refused } = receipts;
    return `${out} ${size(bytes)}: manifest ${cid}, ${count(total, 'receipt')} (${opened} opened, ${received} received, ${refused} refused), each signed; verifies offline`;
  }
}
