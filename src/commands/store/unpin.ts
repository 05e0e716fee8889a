import { cidArgs, shared } from '../../cli/shared.ts';
import type { BulkOptions } from '../../core/storage/bulk.ts';
import type { Selection } from '../../core/storage/selection.ts';
import type { Store } from '../../core/storage/store.ts';
import { BulkCommand, bulkExits, bulkSchema } from './_bulk.ts';

export default class StoreUnpin extends BulkCommand<typeof StoreUnpin> {
  static override readonly summary = 'Let messages be demoted and evicted again';
  static override readonly args = { cid: cidArgs('the messages') };
  static override readonly flags = { 'dry-run': shared['dry-run'], 'lock-wait': shared['lock-wait'] };
  static override readonly impact = 'write';
  static override readonly opensKey = false;
  static override readonly exits = { ...bulkExits, 6: 'somebody is at the message' };
  static override readonly examples = [{ command: 'omniplex store unpin bafyreid5c2n7s3nqzzyjszvrbbhndsxmbfvv2c6ka7vbfxcmyxvqs4uiam', description: 'End a pin' }];
  static override readonly schema = bulkSchema;
  static override readonly seeAlso = ['store pin', 'demote'];

  protected override readonly verb = ['unpin', 'unpinning', 'unpinned'] as const;

  protected override act(store: Store, selection: Selection, options: BulkOptions) {
    return store.unpin('cids' in selection ? selection.cids : [], options);
  }

  protected override effect(): string {
    return 'free to be demoted and evicted';
  }
}
