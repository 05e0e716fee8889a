import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../../cli/command.ts';
import { placeExits } from '../../../cli/exits.ts';
import { isWhole, nextCursor, pageFlags, withNext } from '../../../cli/paging.ts';
import { array, object } from '../../../cli/schema.ts';
import { lockOf, lockSchema, lockTable } from '../_lock.ts';

const schema = object({ locks: array(lockSchema), next: nextCursor });

export default class StoreLockList extends BaseCommand<typeof StoreLockList> {
  static override readonly summary = 'List who holds what in the store';
  static override readonly description = 'A lock is a lease that its holder renews. One whose process is gone, or whose lease ran out, is taken over by whoever comes next: nothing has to be broken for that. Fields for --where: name, holder, state, acquired.';
  static override readonly flags = pageFlags;
  static override readonly impact = 'read';
  static override readonly opensKey = false;
  static override readonly exits = placeExits;
  static override readonly examples = [
    { command: 'omniplex store lock list', description: 'Who is at it?' },
    { command: "omniplex store lock list --where 'state = held and acquired > 1h'", description: 'Who has been at it for long?' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['store lock show', 'store lock break', 'help filters'];

  override async run(): Promise<Answer<typeof schema>> {
    const { where, limit, after } = this.flags;
    const [{ whereOf }, { listLocks, lockFields }] = await Promise.all([import('../../../core/base/filter.ts'), import('../../../core/storage/inventory.ts')]);
    const store = await (await this.session.app()).store();
    const nowMs = store.clock.now();
    const { items, next } = await listLocks(store, { where: whereOf(where, lockFields), limit, after, nowMs });
    return { result: { locks: items.map((lock) => lockOf(lock, nowMs)), next: next ?? null } };
  }

  protected override async render({ locks, next }: Infer<typeof schema>, view: View): Promise<Lines> {
    if (locks.length === 0) return isWhole(this.flags) ? 'nobody holds a lock' : 'no lock matches';
    return withNext(next, await lockTable(view, locks));
  }
}
