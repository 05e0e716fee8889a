import { choices, whole } from '../cli/flags.ts';
import { count, size } from '../cli/human.ts';
import type { BulkOptions } from '../core/storage/bulk.ts';
import type { Selection } from '../core/storage/selection.ts';
import type { Store } from '../core/storage/store.ts';
import { bulkArgs, BulkCommand, bulkExits, bulkFlags, bulkSchema, type ShownBulk } from './store/_bulk.ts';

export default class Demote extends BulkCommand<typeof Demote> {
  static override readonly summary = 'Move messages from the hot tier to cold ones';
  static override readonly description =
    'Every block and announcement is written to the cold tiers, read back and hashed; only then the hot tier lets go of the content. Announcements and manifests with links stay hot. Can be repeated, and interrupted at any time: no copy goes before the other was read. A run by --where leaves a record for `check job demote`.';
  static override readonly args = bulkArgs;
  static override readonly flags = {
    ...bulkFlags,
    tier: choices(['files', 'ipfs', 's3'], { value: 'TIER,..', description: 'to these cold tiers', otherwise: 'all that the store has' }),
    'min-copies': whole({ value: 'N', min: 1, description: 'verified cold copies, over all tiers, below which a message stays hot', otherwise: '1' }),
  };
  static override readonly impact = 'write';
  static override readonly opensKey = false;
  static override readonly exits = { ...bulkExits, 3: 'this store has no such tier', 12: 'a part stays hot: see `reasons`' };
  static override readonly examples = [
    { command: "omniplex demote --where 'tier = hot and stored > 30d and not pinned' --dry-run", description: 'What would go?' },
    { command: "omniplex demote --where 'tier = hot and stored > 30d and not pinned' --timeout 90m --lock-wait 5m --quiet --json", description: 'Nightly, from cron' },
    { command: 'omniplex demote bafyreid5c2n7s3nqzzyjszvrbbhndsxmbfvv2c6ka7vbfxcmyxvqs4uiam', description: 'One message' },
  ];
  static override readonly schema = bulkSchema;
  static override readonly seeAlso = ['promote', 'store verify', 'help filters'];

  protected override readonly verb = ['demote', 'demoting', 'demoted'] as const;
  protected override readonly job = 'demote';

  protected override act(store: Store, selection: Selection, options: BulkOptions) {
    const { tier, 'min-copies': minCopies } = this.flags;
    return store.demote(selection, { ...options, ...(tier && { tiers: tier }), ...(minCopies !== undefined && { minCopies }) });
  }

  protected override effect({ bytes, copies }: ShownBulk): string {
    const least = copies?.min ?? undefined;
    return `${size(bytes)} left the hot tier${least === undefined ? '' : `, at least ${count(least, 'cold copy', 'cold copies')} of each`}`;
  }
}
