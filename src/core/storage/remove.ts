/**
 * Remove: no longer wanted here. The message leaves inboxes and lists at once, its blocks after the grace time of gc. It is not an erasure:
 * other stores, exports and recipients keep what they have, and an import brings it back. A lost message that is removed is given up.
 */
import { equalBytes, type Bytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import { isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { decodePacket } from '../packet/codec.ts';
import { runBulk, type ActOptions, type BulkOptions, type BulkResult } from './bulk.ts';
import type { StoreContext } from './context.ts';
import { forgetLoss, giveUp, knownLoss } from './losses.ts';
import { changed, withRecord } from './message-lock.ts';
import type { ReceivedAnnouncement } from './ports.ts';
import type { Selection } from './selection.ts';

/** Without `confirm` and without `dryRun` E_DECLINED names the plan; a plan that changed since is E_PLAN_CHANGED. */
export function remove(store: StoreContext, selection: Selection, options: BulkOptions = {}): Promise<BulkResult> {
  return runBulk(
    store,
    selection,
    { verb: 'remove', parameters: [], needsConfirmation: true, seesGone: true, isDue: ({ removed }) => !removed, act: ({ cid }, how) => removeMessage(store, cid, how) },
    options,
  );
}

/**
 * The record goes after the announcements: a run that was killed is found again, and finishes. The release goes last: who promises the message at this
 * very time looks at the record behind his promise, so that of the two the release is the later word. Killed before it, gc writes it.
 */
async function removeMessage(store: StoreContext, cid: Cid, how: ActOptions): Promise<number | undefined> {
  if ((await store.hot.message(cid)) === undefined && (await knownLoss(store.hot, cid)) !== undefined) return (await giveUp(store, cid)) ? 0 : undefined;
  return withRecord(store, cid, how, async (record, lock) => {
    if (record.removed) return undefined;
    await withdrawAll(store, cid);
    for (const tier of store.cold.values()) await tier.forget(cid);
    await changed(store, record, lock, { removed: true, pinnedUntilMs: 0 });
    await store.journal.release([{ cid, atMs: store.clock.now(), reason: 'removed' }]);
    await forgetLoss(store.hot, cid);
    return record.bytes;
  });
}

/** Every announcement of the message, and of the stream that it ends. */
export async function withdrawAll(store: StoreContext, cid: Cid): Promise<void> {
  for (const announcement of await store.hot.inbox.ofMessage(cid)) {
    if (endsStream(announcement)) await withdrawStream(store, announcement);
    await store.hot.inbox.withdraw(announcement.inbox, cid);
  }
}

/** A data packet in the open; undefined for every other, and for bytes that are no packet: those belong to no stream. */
function words({ packet }: ReceivedAnnouncement) {
  try {
    const decoded = decodePacket(packet);
    return decoded.form === 'plain' && decoded.type === 'data' ? decoded : undefined;
  } catch (error) {
    if (isError(error)) return undefined;
    throw error;
  }
}

function endsStream(announcement: ReceivedAnnouncement): boolean {
  return words(announcement)?.fragment === 'end';
}

/** The steps of a stream are announced by blocks of their own; the message salt is what they have in common. */
async function withdrawStream(store: StoreContext, end: ReceivedAnnouncement): Promise<void> {
  const salt = words(end)?.salt as Bytes;
  for (const acknowledged of [false, true]) {
    let after = 0;
    for (;;) {
      const page = await store.hot.inbox.list(end.inbox, { after, limit: limits.pageItemsMax, acknowledged });
      for (const one of page) {
        const step = words(one);
        if (step !== undefined && equalBytes(step.salt, salt)) await store.hot.inbox.withdraw(one.inbox, one.cid);
      }
      if (page.length < limits.pageItemsMax) break;
      after = page.at(-1)?.position ?? after;
    }
  }
}
