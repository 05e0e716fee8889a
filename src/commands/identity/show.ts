import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { nameArg } from '../../cli/flags.ts';
import { identityLines, identityRow, identityRowOf } from '../../cli/people-view.ts';

const schema = identityRow;

export default class IdentityShow extends BaseCommand<typeof IdentityShow> {
  static override readonly summary = 'Show one of my identities: fingerprint, keys, prekeys, inboxes';
  static override readonly description = 'The fingerprint is what you read aloud when somebody verifies you. All that is shown here is public.';
  static override readonly args = { name: nameArg('the identity') };
  static override readonly impact = 'read';
  static override readonly exits = { ...placeExits, 5: 'there is no such identity' };
  static override readonly examples = [
    { command: 'omniplex identity show alice', description: 'Twelve words to read aloud' },
    { command: `omniplex identity show alice --json | jq -r '.result | "\\(.name) \\(.fingerprint)"'`, description: 'A line for a fingerprint file' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['identity export', 'contact verify'];

  override async run(): Promise<Answer<typeof schema>> {
    const app = await this.session.app();
    return { result: identityRowOf((await app.identities()).show(this.args.name)) };
  }

  protected override render(row: Infer<typeof schema>, view: View): Lines {
    return identityLines(row, view);
  }
}
