import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../../cli/command.ts';
import { placeExits } from '../../../cli/exits.ts';
import { array, object } from '../../../cli/schema.ts';
import { lockOf, lockSchema, lockTable } from '../_lock.ts';

const schema = object({ locks: array(lockSchema) });

export default class StoreLockList extends BaseCommand<typeof StoreLockList> {
  static override readonly summary = 'List who holds what in the store';
  static override readonly description = 'A lock is a lease that its holder renews. One whose process is gone, or whose lease ran out, is taken over by whoever comes next: nothing has to be broken for that.';
  static override readonly impact = 'read';
  static override readonly opensKey = false;
  static override readonly exits = placeExits;
  static override readonly examples = [{ command: 'omniplex store lock list', description: 'Who is at it?' }];
  static override readonly schema = schema;
  static override readonly seeAlso = ['store lock show', 'store lock break'];

  override async run(): Promise<Answer<typeof schema>> {
    const store = await (await this.session.app()).store();
    const nowMs = store.clock.now();
    return { result: { locks: (await store.locks.list()).map((lock) => lockOf(lock, nowMs)) } };
  }

  protected override async render({ locks }: Infer<typeof schema>, view: View): Promise<Lines> {
    return locks.length === 0 ? 'nobody holds a lock' : lockTable(view, locks);
  }
}
