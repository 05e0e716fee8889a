/** Messages of inbox and outbox: the schemas of the answers, and how they read. */
import { count, grouped, size, when } from './human.ts';
import type { View } from './output.ts';
import { array, boolean, integer, nullable, object, oneOf, optional, record, string, time, type Infer } from './schema.ts';

/** Announcements that led to nothing which are told one by one. */
const PASSED_TOLD = 10;

const senderSchema = object({
  name: nullable(string('as you call the sender; null for a stranger')),
  identity: nullable(string('CID of the genesis block')),
  verified: boolean(),
  claimedName: optional(string('what a stranger calls himself')),
  revoked: optional(time('since when the identity is revoked')),
  keysReplaced: optional(time('since when the keys that signed it are known to be replaced; absent when it was opened here before')),
});

const mailState = oneOf(['unread', 'opened', 'expired', 'lost'], 'lost: not opened yet, and some of it is nowhere in this store');
const receiptState = oneOf(['received', 'opened', 'refused']);

export const inboxMessage = object({
  cid: string(),
  sender: nullable(string('as you call the sender; null for a stranger')),
  verified: boolean(),
  received: time(),
  bytes: integer('length of the content'),
  state: mailState,
  name: nullable(string('as the sender calls it, cleaned')),
  to: string('which identity of mine it came to'),
  claimedName: optional(string('what a stranger calls himself')),
});

export const shownMessage = object({
  cid: string(),
  sender: senderSchema,
  name: nullable(string('as the sender calls it, cleaned')),
  mediaType: nullable(string()),
  bytes: integer(),
  created: time(),
  expires: nullable(time()),
  received: nullable(time('null: it was not announced here')),
  acknowledged: nullable(time()),
  state: mailState,
  to: nullable(string('which identity of mine it is for')),
  receiptAsked: nullable(oneOf(['received', 'opened'])),
  recipients: integer('this one included; who they are is not said'),
});

export const fetched = object({
  cid: string(),
  bytes: integer('that were written'),
  out: nullable(string('the file; null for stdout')),
  from: oneOf(['hot', 'files', 'ipfs', 's3'], 'the coldest tier that was read'),
  sender: senderSchema,
  name: nullable(string('as the sender calls it, cleaned')),
  created: time(),
  expires: nullable(time('null = never')),
  acknowledged: boolean(),
  receipt: nullable(receiptState),
});

export const fetchedItem = object({
  cid: string(),
  bytes: optional(integer()),
  out: optional(nullable(string())),
  from: optional(oneOf(['hot', 'files', 'ipfs', 's3'])),
  sender: optional(senderSchema),
  name: optional(nullable(string())),
  created: optional(time()),
  expires: optional(nullable(time())),
  acknowledged: optional(boolean()),
  receipt: optional(nullable(receiptState)),
  changed: optional(boolean()),
  code: optional(string()),
  message: optional(string()),
  hint: optional(string()),
});

export const acknowledgedItem = object({ cid: string(), changed: boolean(), receipt: nullable(receiptState), receiptTo: nullable(string()) });

export const passedBy = object({ cid: string(), code: string() });

/** What leads to nothing is listed again each time, until it is acknowledged. */
export function passedLines(unreadable: number, passed: ReadonlyArray<Infer<typeof passedBy>>, { paint }: View): string[] {
  if (unreadable === 0) return [];
  const named = passed.slice(0, PASSED_TOLD).map(({ cid, code }) => `  ${cid} (${code})`);
  const more = passed.length > PASSED_TOLD ? [`  and ${grouped(passed.length - PASSED_TOLD)} more: --json names them`] : [];
  const end = passed.length === 0 ? [] : ['  `omniplex inbox ack CID` passes one by for good; `omniplex explain CODE` tells why it was'];
  const gone = passed.some(({ code }) => code === 'E_NOT_RECIPIENT') ? ['  E_NOT_RECIPIENT, after a restore: the key is gone; ask the sender to send it again with a new --id (under the old one it is sent already)'] : [];
  return [paint.warn(`${count(unreadable, 'announcement')} passed by: forged, damaged, no longer in the store, or sealed to a key that is gone`), ...named, ...more, ...gone, ...end];
}

const recipientStates = ['unknown', 'announced', 'received', 'opened', 'refused', 'failed', 'lost', 'cancelled'] as const;
const recipientState = oneOf(recipientStates);
const levels = ['accepted', 'hot', 'replicated', 'cold'] as const;

const sentFacts = {
  cid: nullable(string('null for a message that never came to be')),
  id: optional(string('the key of --id')),
  name: nullable(string()),
  bytes: nullable(integer()),
  created: time(),
  expires: nullable(time()),
  ended: nullable(oneOf(['expired', 'removed'], 'why nobody can fetch it from its store any more, as far as this home knows')),
  durability: object({ asked: oneOf(levels), true: oneOf(levels) }),
  receipt: nullable(oneOf(['received', 'opened'], 'what was asked of the recipients')),
  state: oneOf(recipientStates, 'of the recipient who is the least far'),
};

const recipient = object({
  name: string(),
  state: recipientState,
  at: nullable(time()),
  times: record(time(), 'every state that it came through'),
  code: optional(string('of the last failure, or of what a refusal is for')),
  why: optional(string('of a refusal: the reason')),
  hint: optional(string('of a refusal: what ends it')),
});

export const outboxMessage = object({ ...sentFacts, recipients: array(recipient) });
export const outboxItem = object({ ...sentFacts, recipients: object({ total: integer(), names: array(string()), states: record(integer()) }) });
export const cancelledMessage = object({
  ...sentFacts,
  recipients: array(recipient),
  withdrawn: array(string('a recipient who is told no more')),
  kept: array(string('a recipient who had it already')),
  read: nullable(time('when somebody last read the whole of it out of this store; null: nobody has')),
});

export const trust = (verified: boolean, { paint }: View): string => (verified ? paint.good('verified') : paint.warn('UNVERIFIED'));

export const whose = ({ name, claimedName }: { readonly name: string | null; readonly claimedName?: string | undefined }): string =>
  name ?? (claimedName === undefined ? 'a stranger' : `a stranger who calls himself "${claimedName}"`);

export function fetchedLines({ cid, bytes, out, sender, name, receipt, from }: Infer<typeof fetched>, view: View): string[] {
  const lines = [`${out ?? name ?? 'content'} ${size(bytes)}, from ${from}; signed by ${whose(sender)} (${trust(sender.verified, view)})`];
  return receipt === null ? lines : [...lines, receiptText(receipt, whose(sender), cid)];
}

/** Who gives a refusal is told why, and how it becomes a receipt. */
export function receiptText(receipt: string, to: string, cid: string): string {
  const waits = `receipt "${receipt}" waits for ${to}`;
  return receipt === 'refused' ? `${waits}, who is not verified here; to give the one that was asked for: add the contact if it is none yet, \`omniplex contact verify NAME\`, then \`omniplex inbox ack ${cid}\`` : waits;
}

/** `alice  announced 11-23 10:02Z  opened 11-24 08:44Z`: in the order of time; what holds now is the last, whatever other clocks say. */
export function recipientLine({ name, state, times, code }: Infer<typeof recipient>, { paint }: View): string {
  const past = recipientStates.filter((one) => times[one] !== undefined && one !== 'unknown' && one !== state);
  const inTime = past.toSorted((a, b) => ((times[a] as string) < (times[b] as string) ? -1 : 1));
  const told = [...inTime, state].map((one) => (times[one] === undefined || one === 'unknown' ? one : `${one} ${when(times[one])}`)).join('  ');
  const bad = state === 'failed' || state === 'lost' || state === 'unknown' || state === 'refused';
  return `${name}  ${bad ? paint.warn(told) : told}${code === undefined ? '' : ` (${code})`}`;
}

type OutboxFacts = Omit<Infer<typeof outboxMessage>, 'recipients'> & { readonly recipients: Infer<typeof outboxMessage>['recipients'] };

export function outboxLines(message: OutboxFacts, view: View): string[] {
  const { cid, id, name, bytes, created, expires, ended, durability, recipients } = message;
  const what = [id, name, bytes === null ? undefined : size(bytes)].filter((part) => part !== undefined && part !== null).join(' ');
  return [
    `${cid === null ? 'never sealed to its end' : view.paint.mark(cid)}${what === '' ? '' : `  ${what}`}`,
    `sent ${when(created)}, durability ${durability.true}, ${ended === 'expired' ? 'expired' : 'expires'} ${expires === null ? 'never' : when(expires)}`,
    ...(ended === 'removed' ? ['removed from the store: nobody can fetch it there any more'] : []),
    ...recipients.flatMap((one) => [recipientLine(one, view), ...[one.why, one.hint].flatMap((text) => (text === undefined ? [] : [`  ${text}`]))]),
  ];
}
