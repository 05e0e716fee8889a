/** What acts on many messages have in common at the terminal: which messages, the plan, the items, progress, the record of a job. */
import type { Artifact } from '../../cli/artifact.ts';
import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { count, duration, size } from '../../cli/human.ts';
import type { Progress } from '../../cli/progress.ts';
import { array, integer, nullable, number, object, optional, record, string } from '../../cli/schema.ts';
import { optionalCidArgs, shared } from '../../cli/shared.ts';
import type { Cid } from '../../core/base/cid.ts';
import { fail } from '../../core/base/errors.ts';
import type { BulkItem, BulkOptions, BulkPlan, BulkResult } from '../../core/storage/bulk.ts';
import type { Selection } from '../../core/storage/selection.ts';
import type { Store } from '../../core/storage/store.ts';

export const bulkArgs = { cid: optionalCidArgs('the messages; or choose them with --where') };

export const bulkFlags = {
  where: shared.where,
  'dry-run': shared['dry-run'],
  'lock-wait': shared['lock-wait'],
  out: { ...shared.out, description: 'each message as a line of NDJSON, of a dry run too; an existing file is never overwritten; - is stdout' },
};

export const bulkExits = { 5: 'a message is not there', 6: 'another run is at it, or a pin stands in the way', 7: 'the one that was named is not whole: `store verify`', 12: 'a part was left: see `reasons`' };

const plan = object({
  messages: integer('with something to do'),
  bytes: integer(),
  filter: optional(string('what --where means, in words')),
  to: optional(array(object({ tier: string(), copies: integer() }))),
});

export const bulkSchema = object({
  matched: integer('messages that were named, or that the filter found'),
  moved: integer('messages that something was done to'),
  bytes: integer('that moved'),
  left: integer('messages that could not be done'),
  reasons: record(integer(), 'how many were left, by error code'),
  copies: optional(object({ min: nullable(integer('fewest of a message that moved')) })),
  seconds: number(),
  plan: optional(plan),
  planId: optional(string('names what would be done, or was')),
});

export type ShownBulk = Infer<typeof bulkSchema>;

interface Given {
  readonly where?: string | undefined;
  readonly 'dry-run': boolean;
  readonly out?: string | undefined;
}

type Result = BulkResult & { readonly plan?: BulkPlan & { readonly to?: readonly { readonly tier: string; readonly copies: number }[] }; readonly copies?: { readonly min: number | undefined } };

export abstract class BulkCommand<C extends { args: object; flags: object }> extends BaseCommand<C> {
  /** `demote`, `demoting`, `demoted`. */
  protected abstract readonly verb: readonly [plain: string, doing: string, done: string];
  /** Of a run by filter, for `check job`. A person's act on named messages is no job. */
  protected readonly job: string | undefined = undefined;

  protected abstract act(store: Store, selection: Selection, options: BulkOptions): Promise<Result>;

  /** What became of the bytes, for people. */
  protected abstract effect(result: ShownBulk): string;

  protected get given(): Given {
    return this.flags as unknown as Given;
  }

  protected override get afterTimeout(): string {
    return `What was ${this.verb[2]} stands. Run it again: it goes on with the rest.`;
  }

  override async run(): Promise<Answer<typeof bulkSchema>> {
    const { 'dry-run': dryRun, out } = this.given;
    const selection = await selectionOf((this.args as { cid: readonly Cid[] }).cid, this.given.where);
    const lockWaitMs = await this.session.lockWaitMs();
    const store = await (await this.session.app()).store();
    const items = out === undefined ? undefined : await this.session.artifact(out);
    this.doing(this.verb[1]);
    const onProgress = await this.#progress();
    const act = () => this.act(store, selection, { dryRun, lockWaitMs, signal: this.signal, onItem: items && ((item) => write(items, item)), onProgress });
    const job = dryRun || 'cids' in selection ? undefined : this.job;
    const { asJob } = await import('../../core/storage/jobs.ts');
    const { result, error, ms } = await asJob(store, job, act, endOf);
    await items?.commit();
    return { result: shown(result, selection, ms), changed: result.moved > 0, error };
  }

  /** Begins with the work itself: a question before it takes its time. */
  async #progress(): Promise<NonNullable<BulkOptions['onProgress']>> {
    const { startProgress } = await import('../../cli/progress.ts');
    let progress: Progress | undefined;
    this.atEnd(() => progress?.stop());
    return ({ bytes, totalBytes }) => {
      progress ??= startProgress(this.output, { what: this.verb[1], unit: 'bytes' });
      progress.at(bytes, totalBytes);
    };
  }

  protected override render(result: ShownBulk, { symbols }: View): Lines {
    const { matched, moved, left, seconds, planId } = result;
    const [plain, , done] = this.verb;
    if (result.plan !== undefined) return plannedLines(plain, result.plan, planId);
    if (matched === 0) return 'no message matches: nothing to do';
    if (moved + left === 0) return `nothing to do for ${count(matched, 'message')}`;
    // what was left, and why, the error says
    return moved === 0 ? '' : `${count(moved, 'message')} ${done}, ${this.effect(result)} ${symbols.dot} ${duration(seconds * 1_000)}`;
  }
}

const endOf = ({ matched, moved, bytes, left, shortfall }: Result) => ({ counts: { matched, moved, bytes, left }, error: shortfall });

const write = (items: Artifact, { cid, ...item }: BulkItem): Promise<void> => items.write(new TextEncoder().encode(`${JSON.stringify({ cid: cid.toString(), ...item })}\n`));

/** Exactly one of both, so that neither an empty list of names nor a forgotten filter is taken for "all". */
async function selectionOf(cids: readonly Cid[], where: string | undefined): Promise<Selection> {
  if ((cids.length === 0) === (where === undefined)) throw fail('E_USAGE', { why: 'name messages by CID, or choose them with --where; one of both' });
  if (where === undefined) return { cids };
  const [{ parseFilter }, { messageFilterFields }] = await Promise.all([import('../../core/base/filter.ts'), import('../../core/storage/selection.ts')]);
  return { where: parseFilter(where, messageFilterFields) };
}

function shown({ shortfall: _shortfall, copies, plan: planned, ...counts }: Result, selection: Selection, ms: number): ShownBulk {
  return {
    ...counts,
    reasons: counts.reasons as Readonly<Record<string, number>>,
    ...(copies && { copies: { min: copies.min ?? null } }),
    seconds: ms / 1_000,
    ...(planned && { plan: { ...planned, ...('where' in selection && { filter: selection.where.explain() }) } }),
  };
}

function plannedLines(verb: string, { messages, bytes, to, filter }: NonNullable<ShownBulk['plan']>, planId: string | undefined): readonly string[] {
  const target = to === undefined ? '' : `, to ${to.map(({ tier, copies }) => `${tier} (${count(copies, 'copy', 'copies')})`).join(' and ')}`;
  const lines = [messages === 0 ? `nothing to ${verb}; nothing changed` : `would ${verb} ${count(messages, 'message')}, ${size(bytes)}${target}; nothing changed. plan ${planId ?? ''}`];
  return filter === undefined ? lines : [...lines, `where ${filter}`];
}
