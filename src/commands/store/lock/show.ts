import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../../cli/command.ts';
import { placeExits } from '../../../cli/exits.ts';
import { nameArg } from '../../../cli/flags.ts';
import { fail } from '../../../core/base/errors.ts';
import { lockOf, lockSchema, lockTable } from '../_lock.ts';

export default class StoreLockShow extends BaseCommand<typeof StoreLockShow> {
  static override readonly summary = 'Show who holds a lock, since when and until when';
  static override readonly args = { name: nameArg('the lock') };
  static override readonly impact = 'read';
  static override readonly opensKey = false;
  static override readonly exits = { ...placeExits, 5: 'nobody holds it' };
  static override readonly examples = [{ command: 'omniplex store lock show demote', description: 'Is a demotion under way, and whose?' }];
  static override readonly schema = lockSchema;
  static override readonly seeAlso = ['store lock list', 'store lock break'];

  override async run(): Promise<Answer<typeof lockSchema>> {
    const { name } = this.args;
    const store = await (await this.session.app()).store();
    const lock = await store.locks.show(name);
    if (lock === undefined) throw fail('E_NOT_FOUND', { what: `lock ${name}`, hint: 'Nobody holds it now; `omniplex store lock list` shows those that are held.' });
    return { result: lockOf(lock, store.clock.now()) };
  }

  protected override render(lock: Infer<typeof lockSchema>, view: View): Promise<Lines> {
    return lockTable(view, [lock]);
  }
}
