import { whatSchema } from '../../cli/backup-view.ts';
import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { size, when } from '../../cli/human.ts';
import { isWhole, nextCursor, pageFlags, withNext } from '../../cli/paging.ts';
import { array, integer, object, oneOf, string, time } from '../../cli/schema.ts';
import { hexOf } from '../../core/base/bytes.ts';
import { rfc3339 } from '../../core/base/clock.ts';

const row = object({ path: string(), created: time(), what: whatSchema, bytes: integer(), sha256: string(), state: oneOf(['present', 'missing', 'changed'], 'changed: of another length than it was written') });
const schema = object({ backups: array(row, 'newest first'), next: nextCursor });

export default class BackupList extends BaseCommand<typeof BackupList> {
  static override readonly summary = 'List the backups that were made from this home';
  static override readonly description = 'Compares each with the file where it was written; whether it can be restored is what `omniplex backup verify` says. No key is opened. Fields for --where: path, what, created, size, state.';
  static override readonly flags = pageFlags;
  static override readonly impact = 'read';
  static override readonly exits = placeExits;
  static override readonly examples = [
    { command: 'omniplex backup list', description: 'When was the last one, and is it still there?' },
    { command: "omniplex backup list --where 'what = keys and state = present' --limit 1", description: 'The newest that can bring the keys back' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['backup verify', 'doctor', 'help filters'];

  override async run(): Promise<Answer<typeof schema>> {
    const { where, limit, after } = this.flags;
    const [{ whereOf }, { backupFields, pageOfBackups }] = await Promise.all([import('../../core/base/filter.ts'), import('../../core/backup/index.ts')]);
    const app = await this.session.app();
    const { items, next } = await pageOfBackups(await app.home(), { where: whereOf(where, backupFields), limit, after, nowMs: app.clock.now() });
    const backups = items.map(({ path, createdAtMs, what, bytes, sha256, state }) => ({
      path,
      created: rfc3339(createdAtMs),
      what: what as readonly ('keys' | 'store')[],
      bytes,
      sha256: hexOf(sha256),
      state,
    }));
    return { result: { backups, next: next ?? null } };
  }

  protected override async render({ backups, next }: Infer<typeof schema>, view: View): Promise<Lines> {
    if (backups.length === 0) return isWhole(this.flags) ? 'no backups; make one with `omniplex backup create --out FILE`' : 'no backup matches';
    const { table } = await import('../../cli/table.ts');
    const rows = await table(view, backups, [
      { head: 'MADE', cell: ({ created }) => when(created) },
      { head: 'HOLDS', cell: ({ what }) => what.join(' and ') },
      { head: 'SIZE', cell: ({ bytes }) => size(bytes), align: 'right' },
      { head: 'STATE', cell: ({ state }) => (state === 'present' ? state : view.paint.warn(state)) },
      { head: 'FILE', cell: ({ path }) => path },
    ]);
    return withNext(next, rows);
  }
}
