import { BaseCommand, type Answer, type Infer, type Lines } from '../../../cli/command.ts';
import { placeExits } from '../../../cli/exits.ts';
import { nameArg } from '../../../cli/flags.ts';
import { nullable, object, string } from '../../../cli/schema.ts';
import { shared } from '../../../cli/shared.ts';
import { lockOf, lockSchema } from '../_lock.ts';

const schema = object({ name: string(), was: nullable(lockSchema) });

export default class StoreLockBreak extends BaseCommand<typeof StoreLockBreak> {
  static override readonly summary = 'Take a lock from its holder';
  static override readonly description =
    'Its fence goes stale: the next write of the old holder is refused, so nothing is written twice. Rarely needed: a lock whose process is gone is taken over without it.';
  static override readonly args = { name: nameArg('the lock') };
  static override readonly flags = { confirm: shared.confirm, 'dry-run': shared['dry-run'] };
  static override readonly impact = 'destroy';
  static override readonly opensKey = false;
  static override readonly exits = { ...placeExits, 9: 'not confirmed' };
  static override readonly examples = [{ command: 'omniplex store lock break demote --confirm demote', description: 'A holder on another machine hangs' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['store lock list'];

  override async run(): Promise<Answer<typeof schema>> {
    const { name } = this.args;
    const store = await (await this.session.app()).store();
    const held = await store.locks.show(name);
    const was = held === undefined ? null : lockOf(held, store.clock.now());
    if (was === null || this.flags['dry-run']) return { result: { name, was } };
    await this.session.confirm({ what: `take lock ${name} from ${was.holder}`, name, severe: true });
    return { result: { name, was }, changed: await store.locks.break(name) };
  }

  protected override render({ name, was }: Infer<typeof schema>): Lines {
    if (was === null) return `nobody holds ${name}: nothing to do`;
    return this.flags['dry-run'] ? `would take ${name} from ${was.holder}; nothing changed` : `${name} taken from ${was.holder}; its next write is refused`;
  }
}
