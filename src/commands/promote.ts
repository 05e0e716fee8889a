import { size } from '../cli/human.ts';
import { parsed } from '../cli/flags.ts';
import { parseDuration } from '../core/base/duration.ts';
import type { BulkOptions } from '../core/storage/bulk.ts';
import type { Selection } from '../core/storage/selection.ts';
import type { Store } from '../core/storage/store.ts';
import { bulkArgs, BulkCommand, bulkExits, bulkFlags, bulkSchema, type ShownBulk } from './store/_bulk.ts';

export default class Promote extends BulkCommand<typeof Promote> {
  static override readonly summary = 'Bring messages back to the hot tier';
  static override readonly description =
    'Hot holds every block again; cold stays as it is. Every block is hashed on the way. Can be repeated, and interrupted at any time: the next run goes on. A run by --where leaves a record for `check job promote`.';
  static override readonly args = bulkArgs;
  static override readonly flags = { ...bulkFlags, ttl: parsed({ value: 'DURATION', description: 'keep the hot copy at least so long: neither demoted nor evicted' }, parseDuration) };
  static override readonly impact = 'write';
  static override readonly opensKey = false;
  static override readonly exits = bulkExits;
  static override readonly examples = [
    { command: 'omniplex promote bafyreid5c2n7s3nqzzyjszvrbbhndsxmbfvv2c6ka7vbfxcmyxvqs4uiam --ttl 2d', description: 'One message, for the next two days' },
    { command: "omniplex promote --where 'not tier = hot and read < 7d' --dry-run", description: 'How much was read lately and is cold?' },
  ];
  static override readonly schema = bulkSchema;
  static override readonly seeAlso = ['demote', 'store pin', 'store show'];

  protected override readonly verb = ['promote', 'promoting', 'promoted'] as const;
  protected override readonly job = 'promote';

  protected override act(store: Store, selection: Selection, options: BulkOptions) {
    const { ttl } = this.flags;
    return store.promote(selection, { ...options, ...(ttl !== undefined && { ttlMs: ttl }) });
  }

  protected override effect({ bytes }: ShownBulk): string {
    return `${size(bytes)} came back to the hot tier`;
  }
}
