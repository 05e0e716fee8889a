/** What `store export` and `store import` answer. */
import type { Infer, View } from '../../cli/command.ts';
import { count, grouped, size } from '../../cli/human.ts';
import { array, integer, nullable, object, string } from '../../cli/schema.ts';

export const exportSchema = object({
  files: array(object({ path: string(), bytes: integer() })),
  messages: integer('receipts not counted'),
  receipts: integer(),
  packets: integer(),
  blocks: integer(),
  bundle: nullable(string('the identity of mine whose bundle comes along')),
  for: array(object({ name: string(), messages: integer(), receipts: integer() }), 'empty where CIDs were named'),
});

export const importSchema = object({
  files: integer(),
  blocks: integer('each hashed'),
  bytes: integer(),
  messages: integer('whole ones, receipts included'),
  stored: integer('of them, those that were not here'),
  receipts: integer(),
  forMe: nullable(array(object({ name: string(), messages: integer(), receipts: integer() }), 'by identity of mine; the rest is for others, or for a passphrase; null without a home')),
  introductions: array(object({ identity: string(), name: nullable(string('what he calls himself')), contact: nullable(string('who he is here; null for a stranger')) })),
  incomplete: array(object({ cid: string(), missing: integer() }), 'another file has the rest'),
  refused: array(object({ cid: string(), code: string() })),
});

interface Counted {
  readonly messages: number;
  readonly receipts: number;
}

/** `1 message and 2 receipts`. */
const both = ({ messages, receipts }: Counted): string =>
  [messages > 0 && count(messages, 'message'), receipts > 0 && count(receipts, 'receipt')].filter((part) => part !== false).join(' and ') || 'nothing';

export function exportLines({ files, messages, receipts, blocks, bundle, for: people }: Infer<typeof exportSchema>): readonly string[] {
  const what = people.length === 0 ? [`${both({ messages, receipts })}, ${count(blocks, 'block')}`] : people.map((one) => `${both(one)} for ${one.name}`);
  const parts = bundle === null ? what : [...what, `1 bundle (${bundle})`];
  return [parts.join(', '), ...files.map(({ path, bytes }) => (path === 'stdout' ? `${path} ${size(bytes)}` : `${path} ${size(bytes)}, synced: safe to remove`))];
}

export function importLines({ blocks, messages, stored, forMe, introductions, incomplete, refused }: Infer<typeof importSchema>, { symbols, paint }: View): readonly string[] {
  const mine = forMe ?? [];
  const others = messages - mine.reduce((sum, one) => sum + one.messages + one.receipts, 0);
  const facts = [
    `${count(blocks, 'block')} verified`,
    ...mine.map((one) => `${both(one)} for ${one.name}`),
    others > 0 && (forMe === null ? count(messages, 'message') : `${count(others, 'message')} for nobody here`),
    messages > stored && `${grouped(messages - stored)} here already`,
  ];
  const introduced = ({ identity, name, contact }: (typeof introductions)[number]) =>
    contact === null
      ? `unknown here, introduces himself as ${JSON.stringify(name ?? identity)}: \`omniplex contact add\` this file, then compare the twelve words`
      : `the bundle of ${contact} came along`;
  return [
    facts.filter((text) => text !== false).join(` ${symbols.dot} `),
    ...introductions.map(introduced),
    ...incomplete.map(({ cid, missing }) => `${cid} waits for ${missing > 1 ? `${grouped(missing)} more blocks` : 'more blocks'}`),
    ...refused.map(({ cid, code }) => `${paint.bad('refused')} ${cid} ${code}`),
  ];
}
