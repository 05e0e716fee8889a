/** What `send` answers: its schema, and how it reads. */
import type { View } from './output.ts';
import { count, size, when, yesNo } from './human.ts';
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
  out: optional(object({ path: string(), bytes: integer() }, 'the CAR of --out')),
});

const batchSchema = object({
  total: integer('lines of the list'),
  sent: integer('by this run'),
  repeated: integer('their ids had their effect before'),
  failed: integer(),
  reasons: record(integer(), 'failures by error code'),
});

export const sendSchema = either(sentSchema, batchSchema);

export function renderSent(result: Infer<typeof sentSchema>, file: string, { paint, symbols }: View): string[] {
  const { cid, bytes, blocks, recipients, durability, postQuantum, forwardSecret, expires, out } = result;
  const what = file === '-' ? 'stdin' : file;
  const facts = [count(blocks, 'block'), count(recipients.total, 'recipient'), `post-quantum ${yesNo(postQuantum)}`, `forward secret ${yesNo(forwardSecret)}`];
  const lines = [
    `sealed ${what} ${size(bytes)} ${symbols.arrow} ${paint.mark(cid)}`,
    `${facts.join(', ')}`,
    `durability ${durability.true}${durability.true === durability.asked ? '' : ` (asked: ${durability.asked})`}, expires ${expires === null ? 'never' : when(expires)}`,
  ];
  if (recipients.total > 0) lines.push(recipients.announced > 0 ? `announced to ${recipients.names.join(', ')}` : 'announced to nobody any more: it was let go');
  else lines.push('announced to nobody: hand over the CID and the passphrase');
  if (out !== undefined) lines.push(`${out.path} ${size(out.bytes)}, synced: safe to remove`);
  return lines;
}

export const renderBatch = ({ total, sent, repeated, failed, reasons }: Infer<typeof batchSchema>): string[] => [
  `${count(total, 'message')}: ${sent} sent, ${repeated} repeated, ${failed} failed`,
  ...Object.entries(reasons).map(([code, n]) => `  ${code} ${n}`),
];
