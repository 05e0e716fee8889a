import { BaseCommand, type Answer, type Lines, type View } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { optionalArg, parsed, toggle } from '../../cli/flags.ts';
import { shared } from '../../cli/shared.ts';
import { fail, isError } from '../../core/base/errors.ts';
import { acknowledgedLines, acknowledgedOf, hasRepaired, parsePercent, verifyLines, verifyOf, verifySchema, type ShownVerify } from './_verify.ts';

export default class StoreVerify extends BaseCommand<typeof StoreVerify> {
  static override readonly summary = 'Prove that every block still holds the bytes it is named after';
  static override readonly description =
    'Hashes what is there, names each bad block, and compares what was acknowledged with what is there. With --repair a bad block is written anew from another tier, and a broken hot database is made anew from what is left of it, from cold and from the journal. With --acknowledged: only what was promised against what is there. What is lost stays a finding of every run, and of `check`, until it is there again, given up or expired. Who sent a message is proved when it is opened, not here. Without a CID it leaves a record for `check`. SQLite reads the whole file of the hot tier first, about five seconds a GiB on a slow machine: until then no progress shows.';
  static override readonly args = { cid: optionalArg('one message, or one block', async (typed) => (await import('../../core/base/cid.ts')).parseCid(typed)) };
  static override readonly flags = {
    tier: shared.tier,
    sample: parsed({ value: 'PERCENT', description: 'only so many of the blocks, by chance: 1%', otherwise: 'all', not: ['acknowledged'] }, parsePercent),
    repair: toggle('heal what another copy can heal'),
    acknowledged: toggle('compare acknowledgements with what is there', { not: ['tier'] }),
    since: { ...shared.since, needs: ['acknowledged'] },
    confirm: { ...shared.confirm, description: 'confirm --repair, which only a context whose env is prod asks for: the name of that context' },
  };
  static override readonly impact = 'write';
  static override readonly opensKey = false;
  static override readonly exits = { ...placeExits, 3: 'the store has no such tier', 5: 'there is no such message or block', 6: 'somebody is rebuilding it', 7: 'wrong or missing bytes, lost messages', 9: 'a repair in production was not confirmed', 12: 'all messages are back, and some of what was known of them is not' };
  static override readonly examples = [
    { command: 'omniplex store verify', description: 'Every block of every tier' },
    { command: 'omniplex store verify --tier files --sample 1% --timeout 30m --quiet --json', description: 'Nightly, from cron' },
    { command: 'omniplex store verify --repair', description: 'Heal it' },
    { command: 'omniplex store verify --acknowledged --since 03:10', description: 'What did we lose since then?' },
  ];
  static override readonly schema = verifySchema;
  static override readonly seeAlso = ['check store', 'doctor', 'selftest', 'store show'];

  protected override get afterTimeout(): string {
    return 'What was looked at is in the answer; a second run looks at it again. Give a longer --timeout, or a part: a CID, --tier or --sample.';
  }

  override async run(): Promise<Answer<typeof verifySchema>> {
    if (this.flags.repair) await this.session.confirm({ what: 'repair the store' });
    return this.flags.acknowledged ? this.#acknowledged() : this.#blocks();
  }

  async #blocks(): Promise<Answer<typeof verifySchema>> {
    const { tier: tiers, sample, repair } = this.flags;
    const { cid } = this.args;
    const app = await this.session.app();
    const [{ verifyError }, { asJob }] = await Promise.all([import('../../core/storage/audit.ts'), import('../../core/storage/jobs.ts')]);
    const before = repair ? await app.repairStore() : undefined;
    const store = await app.store();
    this.doing('verifying');
    const progress = await this.session.progress({ what: 'verifying', unit: 'items' });
    const options = { repair, signal: this.signal, onProgress: ({ checked, total }: { readonly checked: number; readonly total: number | undefined }) => progress.at(checked, total) };
    const act = () => store.verify({ ...options, ...(cid && { cids: [cid] }), ...(tiers && { tiers }), ...(sample !== undefined && { sample }) });
    const { result, error, ms } = await asJob(store, cid === undefined ? 'verify' : undefined, act, (found) => ({
      counts: { checked: found.checked, bad: found.badTotal, repaired: found.repaired },
      error: verifyError(found, before),
      isUnrecorded: found.isHotBroken,
    }));
    if (isError(error, 'E_NOT_FOUND')) throw error;
    return { result: verifyOf(result, before, ms), changed: result.repaired > 0 || hasRepaired(before), error };
  }

  async #acknowledged(): Promise<Answer<typeof verifySchema>> {
    const { since = 0, repair } = this.flags;
    if (this.args.cid !== undefined) throw fail('E_USAGE', { why: '--acknowledged is about every message: CID cannot stand beside it' });
    const store = await (await this.session.app()).store();
    const [{ acknowledgedError }, { asJob }] = await Promise.all([import('../../core/storage/audit.ts'), import('../../core/storage/jobs.ts')]);
    this.doing('comparing acknowledgements');
    const act = () => store.verifyAcknowledged(since, { repair, signal: this.signal });
    const { result, error, ms } = await asJob(store, 'acknowledged', act, (found) => ({
      counts: { present: found.present, ended: found.ended, unannounced: found.unannounced.length, lost: found.lost.length },
      error: acknowledgedError(found),
      isUnrecorded: found.hotDamage !== undefined,
    }));
    return { result: acknowledgedOf(result, ms), changed: result.announcedAgain + result.operations > 0, error };
  }

  protected override render(result: ShownVerify, view: View): Promise<Lines> {
    return this.flags.acknowledged ? acknowledgedLines(result, view) : verifyLines(result, view);
  }
}
