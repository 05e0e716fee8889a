import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { count, size } from '../../cli/human.ts';
import { parsed, text } from '../../cli/flags.ts';
import { shared } from '../../cli/shared.ts';
import { parseDuration } from '../../core/base/duration.ts';
import type { GcOptions, GcResult } from '../../core/storage/gc.ts';
import type { Store } from '../../core/storage/store.ts';
import { gcLines, gcOf, gcSchema } from './_gc.ts';

export default class StoreGc extends BaseCommand<typeof StoreGc> {
  static override readonly summary = 'Delete what no message needs any more';
  static override readonly description =
    'Garbage is what no unexpired, unremoved message reaches, after a grace time of a day; what waits for it is said. --grace makes it shorter, for what a send left behind that was killed: refused while a send or an import is under way in this store, since the blocks of both look alike. It is part of the plan, so confirm with the same one. --dry-run names the plan, and the same plan can be confirmed later: what came meanwhile is never part of it. Leaves a record for `check job gc`.';
  static override readonly flags = { 'dry-run': shared['dry-run'], confirm: text({ value: 'PLANID', description: 'confirm: the planId of the dry run' }), grace: parsed({ value: 'DURATION', description: 'keep what is younger than this; at least 1m', otherwise: '1d' }, (typed) => parseDuration(typed)), 'lock-wait': shared['lock-wait'] };
  static override readonly impact = 'destroy';
  static override readonly opensKey = false;
  static override readonly exits = { ...placeExits, 6: 'another run is at it, or a send is under way and --grace is shorter than a day', 7: 'a message cannot be walked: `store verify` first, nothing was deleted', 9: 'not confirmed, or the plan has changed since' };
  static override readonly examples = [
    { command: 'omniplex store gc --dry-run', description: 'What would go; prints the plan' },
    { command: 'omniplex store gc --confirm t5k2wd-7f3a-19c2', description: 'Do exactly that' },
    { command: 'omniplex store gc --confirm "$(omniplex store gc --dry-run --json | jq -r .result.planId)" --quiet', description: 'From cron' },
    { command: 'omniplex store gc --grace 10m', description: 'After a send was killed: its blocks go now, and not tomorrow' },
  ];
  static override readonly schema = gcSchema;
  static override readonly seeAlso = ['store remove', 'store show'];

  protected override get afterTimeout(): string {
    return 'What was deleted was garbage, and is gone. Run it again: it looks at everything once more, and goes on with what is left.';
  }

  override async run(): Promise<Answer<typeof gcSchema>> {
    const { 'dry-run': dryRun, confirm, grace: graceMs } = this.flags;
    const lockWaitMs = await this.session.lockWaitMs();
    const store = await (await this.session.app()).store();
    const options = { lockWaitMs, signal: this.signal, ...(graceMs !== undefined && { graceMs }) };
    const agreed = dryRun ? undefined : (confirm ?? (await this.#ask(store, options)));
    const act = () => this.#collect(store, { ...options, dryRun, ...(agreed !== undefined && { confirm: agreed }) });
    const endOf = ({ messages, blocks, bytes, unfinished }: GcResult) => ({ counts: { messages, blocks, bytes, unfinished } });
    const { asJob } = await import('../../core/storage/jobs.ts');
    const { result, error, ms } = await asJob(store, dryRun ? undefined : 'gc', act, endOf);
    return { result: gcOf(result, dryRun, ms), changed: !dryRun && result.messages + result.blocks + result.unfinished > 0, error };
  }

  async #collect(store: Store, options: GcOptions): Promise<GcResult> {
    this.doing('collecting garbage');
    const progress = await this.session.progress({ what: 'collecting garbage', unit: 'items' });
    const onProgress: GcOptions['onProgress'] = ({ phase, done }) => {
      progress.what(phase === 'mark' ? 'looking for what messages need' : 'looking at every block');
      progress.at(done);
    };
    try {
      return await store.gc({ ...options, onProgress });
    } finally {
      progress.stop();
    }
  }

  /** The plan that was agreed to. */
  async #ask(store: Store, options: GcOptions): Promise<string> {
    const { messages, blocks, bytes, planId } = await this.#collect(store, { ...options, dryRun: true });
    if (messages + blocks > 0) await this.session.confirm({ what: `delete ${count(blocks, 'block')}, ${size(bytes)}, and forget ${count(messages, 'message')}`, name: planId, plan: true });
    return planId;
  }

  protected override render(result: Infer<typeof gcSchema>, view: View): Lines {
    return gcLines(result, view);
  }
}
