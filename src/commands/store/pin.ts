import { parsed } from '../../cli/flags.ts';
import { size } from '../../cli/human.ts';
import { cidArgs, shared } from '../../cli/shared.ts';
import { parseDuration } from '../../core/base/duration.ts';
import type { BulkOptions } from '../../core/storage/bulk.ts';
import type { Selection } from '../../core/storage/selection.ts';
import type { Store } from '../../core/storage/store.ts';
import { BulkCommand, bulkExits, bulkSchema, type ShownBulk } from './_bulk.ts';

export default class StorePin extends BulkCommand<typeof StorePin> {
  static override readonly summary = 'Keep the hot copy of messages';
  static override readonly description = 'A pinned message is brought to the hot tier first, and then neither demoted nor evicted. A pin never gets shorter; `store unpin` ends it.';
  static override readonly args = { cid: cidArgs('the messages') };
  static override readonly flags = {
    ttl: parsed({ value: 'DURATION', description: 'for so long', otherwise: 'until it is unpinned' }, parseDuration),
    'dry-run': shared['dry-run'],
    'lock-wait': shared['lock-wait'],
  };
  static override readonly impact = 'write';
  static override readonly opensKey = false;
  static override readonly exits = { ...bulkExits, 6: 'somebody is at the message' };
  static override readonly examples = [{ command: 'omniplex store pin bafyreid5c2n7s3nqzzyjszvrbbhndsxmbfvv2c6ka7vbfxcmyxvqs4uiam --ttl 30d', description: 'For a month' }];
  static override readonly schema = bulkSchema;
  static override readonly seeAlso = ['store unpin', 'promote'];

  protected override readonly verb = ['pin', 'pinning', 'pinned'] as const;

  protected override act(store: Store, selection: Selection, options: BulkOptions) {
    const { ttl } = this.flags;
    return store.pin('cids' in selection ? selection.cids : [], { ...options, ...(ttl !== undefined && { ttlMs: ttl }) });
  }

  protected override effect({ bytes }: ShownBulk): string {
    return bytes === 0 ? 'hot already' : `${size(bytes)} came back to the hot tier`;
  }
}
