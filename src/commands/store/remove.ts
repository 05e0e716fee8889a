import { count, size } from '../../cli/human.ts';
import { text } from '../../cli/flags.ts';
import type { BulkOptions } from '../../core/storage/bulk.ts';
import type { Selection } from '../../core/storage/selection.ts';
import type { Store } from '../../core/storage/store.ts';
import { bulkArgs, BulkCommand, bulkExits, bulkFlags, bulkSchema, type ShownBulk } from './_bulk.ts';

export default class StoreRemove extends BulkCommand<typeof StoreRemove> {
  static override readonly summary = 'Say that messages are no longer wanted here';
  static override readonly description =
    'They leave inboxes and lists at once, and the disk with `store gc` after the grace time. This is no erasure: recipients, other stores and exports keep what they have, and an import brings a message back. --dry-run names the plan that --confirm confirms; one message that is named can be confirmed by its CID.';
  static override readonly args = bulkArgs;
  static override readonly flags = { ...bulkFlags, confirm: text({ value: 'PLANID|CID', description: 'confirm: the planId of the dry run, or the CID of the one message that is named' }) };
  static override readonly impact = 'destroy';
  static override readonly opensKey = false;
  static override readonly exits = { ...bulkExits, 9: 'not confirmed, or the plan has changed since' };
  static override readonly examples = [
    { command: "omniplex store remove --where 'stored > 365d and not pinned' --dry-run", description: 'What was stored more than a year ago and is not pinned; prints the plan' },
    { command: "omniplex store remove --where 'stored > 365d and not pinned' --confirm 7f3a-19c2", description: 'Do exactly that' },
  ];
  static override readonly schema = bulkSchema;
  static override readonly seeAlso = ['store gc', 'store list'];

  protected override readonly verb = ['remove', 'removing', 'removed'] as const;

  protected override async act(store: Store, selection: Selection, options: BulkOptions) {
    const confirm = options.dryRun === true ? undefined : (this.flags.confirm ?? (await this.#ask(store, selection, options.signal)));
    return store.remove(selection, { ...options, ...(confirm !== undefined && { confirm }) });
  }

  /** The name of the plan that was agreed to; undefined where there is nothing to do. */
  async #ask(store: Store, selection: Selection, signal: AbortSignal | undefined): Promise<string | undefined> {
    const { plan, planId } = await store.remove(selection, { dryRun: true, ...(signal && { signal }) });
    if (plan === undefined || plan.messages === 0 || planId === undefined) return undefined;
    await this.session.confirm({ what: `remove ${count(plan.messages, 'message')}, ${size(plan.bytes)}`, name: planId, plan: true });
    return planId;
  }

  protected override effect({ bytes }: ShownBulk): string {
    return `${size(bytes)} are garbage after the grace time`;
  }
}
