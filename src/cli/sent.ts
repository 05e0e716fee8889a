/** What `send` answers: its schema, and how it reads. */
import type { View } from './output.ts';
import { count, size, when, yesNo } from './human.ts';
import { lineOf } from './trouble.ts';
import { array, boolean, either, integer, nullable, object, oneOf, optional, record, string, time, type Infer } from './schema.ts';

const levels = ['accepted', 'hot', 'replicated', 'cold'] as const;

const sentSchema = object({
  cid: string('the name of the message'),
  id: optional(string('the key of --id')),
  bytes: integer('length of the content, before padding'),
  blocks: integer('the manifest included'),
  recipients: object({ total: integer(), announced: integer(), names: array(string()) }),
  durability: object({
    asked: oneOf(levels),
    true: oneOf(levels, 'what holds now'),
    copies: record(integer(), 'verified copies by tier'),
    announcements: oneOf(['hot', 'cold']),
  }),
  postQuantum: boolean(),
  forwardSecret: boolean('false where a recipient has no prekey that lasts as long as the message'),
  expires: nullable(time()),
  sentBefore: optional(nullable(time('when the id had its effect before this run, which sent nothing again; null where the store no longer says'))),
  out: optional(object({ path: string(), bytes: integer() }, 'the CAR of --out')),
});

const batchSchema = object({
  total: integer('lines of the list'),
  sent: integer('by this run'),
  repeated: integer('their ids had their effect before'),
  failed: integer(),
  reasons: record(integer(), 'failures by error code'),
  failures: array(object({ line: integer('from 1'), id: optional(string()), code: string(), message: string() }), 'lines that were tried and have an error, at most a thousand; --out has all'),
  untried: optional(object({ count: integer(), first: integer('a line'), last: integer('a line'), code: string('what ended the run') })),
});

export const sendSchema = either(sentSchema, batchSchema);

export function renderSent(result: Infer<typeof sentSchema>, what: string, { paint, symbols }: View): string[] {
  const { cid, id, bytes, blocks, recipients, durability, postQuantum, forwardSecret, expires, sentBefore, out } = result;
  const facts = [count(blocks, 'block'), count(recipients.total, 'recipient'), `post-quantum ${yesNo(postQuantum)}`, `forward secret ${yesNo(forwardSecret)}`];
  const repeated = `sent already${sentBefore === null ? '' : ` ${when(sentBefore)}`} as ${JSON.stringify(id)}: nothing was sent again`;
  const lines = [
    ...(sentBefore === undefined ? [] : [repeated]),
    `${sentBefore === undefined ? 'sealed ' : ''}${what} ${size(bytes)} ${symbols.arrow} ${paint.mark(cid)}`,
    `${facts.join(', ')}`,
    `durability ${durability.true}${durability.true === durability.asked ? '' : ` (asked: ${durability.asked})`}, expires ${expires === null ? 'never' : when(expires)}`,
  ];
  lines.push(announcedText(recipients));
  if (out !== undefined) lines.push(`${out.path} ${size(out.bytes)}${out.path === 'stdout' ? '' : ', synced: safe to remove'}; who does not read this store has nothing until it arrives`);
  return lines;
}

function announcedText({ total, announced, names }: Infer<typeof sentSchema>['recipients']): string {
  if (total === 0) return 'announced to nobody: hand over the CID and the passphrase';
  if (announced === 0) return 'announced to nobody any more';
  return announced === total ? `announced to ${names.join(', ')}` : `announced to ${announced} of ${names.join(', ')}`;
}

export function renderBatch({ total, sent, repeated, failed, reasons, failures, untried }: Infer<typeof batchSchema>): string[] {
  const bad = Object.values(reasons).reduce((sum, n) => sum + n, 0) - (untried?.count ?? 0);
  const unnamed = bad - failures.length;
  return [
    `${count(total, 'message')}: ${sent} sent, ${repeated} sent before, ${failed} failed`,
    ...failures.map(lineOf),
    ...(unnamed > 0 ? [`  and ${count(unnamed, 'line')} more: --out FILE keeps the answer of each`] : []),
    ...(untried === undefined ? [] : [`  ${untried.count === 1 ? `line ${untried.first} was` : `lines ${untried.first} to ${untried.last} were`} not tried (${untried.code})`]),
  ];
}
