/** What `inspect` found, for people. What cannot be seen stands last, in every kind. */
import type { BundleClaims, BundleFileFacts, CarFacts, CarMessageFacts, EvidenceCarFacts, Inspected, ManifestFacts, ReceiptFacts, Recipients, StretchFacts } from '../core/inspect/description.ts';
import { facts, type Fact } from './facts.ts';
import { count, grouped, size, when, yesNo } from './human.ts';
import type { View } from './output.ts';
import { fingerprintBeside } from './people-view.ts';

/** Items of one kind that are told one by one; the JSON has them all. */
const TOLD_MAX = 20;

export function inspectLines(found: Inspected, view: View): readonly string[] {
  return facts(view, [...factsOf(found, view), ['not seen', found.hidden]]);
}

function factsOf(found: Inspected, view: View): readonly Fact[] {
  switch (found.kind) {
    case 'packet':
      return packetFacts(found);
    case 'manifest':
      return [['manifest', found.cid], ...manifestFacts(found)];
    case 'opening':
      return [['opening of a stream', found.cid], ['size', size(found.bytes)], ...recipientFacts(found)];
    case 'link-node':
      return [['link node', found.cid], ['size', size(found.bytes)], ['links', `${count(found.links, 'block')} of codec ${found.linksTo}`]];
    case 'content-block':
      return [['content block', found.cid], ['size', `${size(found.bytes)}, ${count(found.chunks, 'chunk')} of ciphertext`]];
    case 'genesis':
      return [['genesis', found.cid], ['words', fingerprintBeside(found.fingerprint, view)], ['keys', found.algorithms.join(' + ')], ['post-quantum', yesNo(found.postQuantum)]];
    case 'bundle':
      return [['bundle', found.cid], ['size', size(found.bytes)], ...claimFacts(found, view)];
    case 'revocation':
      return [['revocation', found.cid], ['identity', found.identity], ['words', fingerprintBeside(found.fingerprint, view)], ['reason', found.reason], ['at', when(found.at)]];
    case 'inbox':
      return [['inbox', found.cid]];
    case 'car-index':
      return [['index of a CAR', found.cid], ['lists', `${count(found.messages, 'message')}, ${count(found.packets, 'packet')}, ${count(found.bundles, 'bundle block')}, ${count(found.receipts, 'receipt')}, ${count(found.sections, 'block')} in the file`]];
    case 'evidence':
      return [['receipt', receiptText(found, view)], ['about', found.of ?? undefined], ['secrets', String(found.secrets)], ['manifest', found.cid], ...manifestFacts(found.manifest)];
    case 'car':
      return messagesFacts(found, view);
    case 'bundle-file':
      return [['bundle file', `${size(found.bytes)}, ${intactText(found, view)}`], ...found.identities.flatMap((one) => [...claimFacts(one, view), heldFact(one, view)])];
    case 'evidence-car':
      return evidenceFacts(found, view);
    case 'ciphertext':
      return [['ciphertext', `${size(found.bytes)}, as far as its length tells`], ['holds', `${size(found.plaintextBytes)} in ${count(found.chunks, 'chunk')}`], ['salt', found.salt], ['commitment', found.commitment]];
    case 'key-ring':
      return [['key ring', size(found.bytes)], ['passphrase', stretchText(found.kdf)], ['sealed', size(found.sealedBytes)]];
    case 'backup':
      return [['backup', `${size(found.bytes)} of ${when(found.created)}`], ['holds', found.what.join(' and ')], ['passphrase', stretchText(found.kdf)], ['sealed', size(found.sealedBytes)]];
  }
}

function packetFacts(found: Extract<Inspected, { readonly kind: 'packet' }>): readonly Fact[] {
  const head: readonly Fact[] = [['packet', `${found.bytes} bytes, ${found.type} (0x${found.code})${found.masked ? ', masked' : ''}`], ['inbox', found.inbox]];
  if (found.masked) return [...head, ['word 5', found.digest]];
  const role = found.fragment === null ? [] : [found.fragment === 'single' ? 'announces a whole message' : `${found.fragment} of a stream, index ${found.index}`];
  return [
    ...head,
    ['says', [...role, ...found.flags, `QoS ${found.qos}`].join(', ')],
    ['about', `${found.block} (at most ${size(found.blockBytesMax)} are read)`],
    ['sender', found.sender],
    ['session', `${found.session}, sequence ${grouped(found.sequence)}`],
    ['salt', found.salt],
    ['expires', found.expires === null ? 'never' : when(found.expires)],
    ['word 5', found.digest],
  ];
}

function manifestFacts({ bytes, content, sealedBytes, ...rest }: ManifestFacts): readonly Fact[] {
  const { paddedBytes, ciphertextBytes, blocks, linkNodes, inlineBytes } = content;
  const nodes = linkNodes === 0 ? '' : ` under ${count(linkNodes, 'link node')}`;
  return [
    ['size', `${size(bytes)}, with ${size(sealedBytes)} of sealed metadata`],
    ...recipientFacts(rest),
    ['content', `at most ${size(paddedBytes)}; ${size(ciphertextBytes)} of ciphertext`],
    ['blocks', `${count(blocks, 'block')}${nodes}${inlineBytes === 0 ? '' : `, ${size(inlineBytes)} in the manifest itself`}`],
  ];
}

const recipientFacts = ({ recipients, stanzas, postQuantum }: Recipients): readonly Fact[] => [
  ['recipients', `${grouped(recipients)}, unnamed (${Object.entries(stanzas).map(([type, n]) => `${type} ${n}`).join(', ')})`],
  ['post-quantum', postQuantum === null ? 'cannot be seen' : yesNo(postQuantum)],
];

const claimFacts = ({ identity, fingerprint, name, sequence, issued, expires, algorithms, prekeys, inboxes }: BundleClaims, view: View): readonly Fact[] => [
  ['calls itself', name ?? 'nothing'],
  ['identity', identity],
  ['words', fingerprintBeside(fingerprint, view)],
  ['sequence', `${grouped(sequence)}, issued ${when(issued)}, expires ${when(expires)}`],
  ['keys', `${algorithms.join(' + ')}, x-wing; post-quantum yes`],
  ['prekeys', prekeys.length === 0 ? 'none: no forward secrecy towards it' : `${prekeys.length}, the last until ${when(prekeys.at(-1)?.until)}`],
  ['inboxes', inboxes],
];

const heldFact = ({ bundles, revoked, code }: CarFacts['identities'][number], { paint }: View): Fact => [
  'signatures',
  [
    code === null ? paint.good(`all hold, ${count(bundles, 'bundle')} in a chain`) : paint.bad(`do not hold (${code})`),
    ...(revoked === null ? [] : [paint.bad(`revoked ${when(revoked.at)}: ${revoked.reason}`)]),
  ],
];

const intactText = ({ sections, intact }: CarFacts | BundleFileFacts | EvidenceCarFacts, { paint }: View): string =>
  intact ? `${count(sections, 'block')}, all as written` : paint.bad(`not intact: ${count(sections, 'block')} could be read`);

function messagesFacts(found: CarFacts, view: View): readonly Fact[] {
  const { messages, identities, receipts, packets, others, roots, indexed } = found;
  const parts = [count(messages.length, 'message'), ...(receipts === 0 ? [] : [`${count(receipts, 'receipt')} among them`]), count(packets, 'packet'), count(identities.length, 'identity', 'identities')];
  return [
    ['CAR', `${size(found.bytes)}, ${intactText(found, view)}${indexed ? '' : ', no index of ours'}`],
    ['holds', `${parts.join(', ')}${others === 0 ? '' : `, ${count(others, 'other block')}`}`],
    ['roots', told(roots, (root) => [root])],
    ...messages.slice(0, TOLD_MAX).map((message): Fact => ['message', messageText(message, view)]),
    ['', messages.length > TOLD_MAX ? `and ${grouped(messages.length - TOLD_MAX)} more: --json has them all` : undefined],
    ...identities.flatMap((one) => [...claimFacts(one, view), heldFact(one, view)]),
  ];
}

function messageText({ cid, facts: known, blocks, whole, inboxes, packets, expires, receipt, codes }: CarMessageFacts, { paint }: View): readonly string[] {
  const all = blocks.total === null ? paint.warn('its manifest is not here') : `${grouped(blocks.here)} of ${count(blocks.total, 'block')} ${whole ? 'here: whole' : paint.warn('here: the rest is missing')}`;
  const shape = known === null ? [] : [`at most ${size(known.paddedBytes)}`, count(known.recipients, 'recipient'), `post-quantum ${known.postQuantum === null ? 'cannot be seen' : yesNo(known.postQuantum)}`];
  return [
    cid,
    [...(receipt ? ['a receipt'] : []), ...shape, all].join(', '),
    packets === 0 ? 'told to no inbox by this file' : `told to ${count(inboxes.length, 'inbox', 'inboxes')}${expires === null ? '' : `, expires ${when(expires)}`}`,
    ...(codes.length === 0 ? [] : [paint.bad(`refused: ${[...new Set(codes)].join(', ')}`)]),
  ];
}

function evidenceFacts(found: EvidenceCarFacts, view: View): readonly Fact[] {
  const { counts, receipts, message, secrets, roots, identities } = found;
  const { received, opened, refused, refuted } = counts;
  const proved = received + opened + refused;
  const states = [`${opened} opened`, `${received} received`, ...(refused === 0 ? [] : [`${refused} refused`])].join(', ');
  return [
    ['evidence', `${size(found.bytes)}, ${intactText(found, view)}`],
    ['receipts', `${proved === 0 ? 'none that proves anything: nobody is shown to have it' : `${count(proved, 'receipt')} (${states}), each signed`}${refuted === 0 ? '' : `; ${view.paint.bad(`${grouped(refuted)} that prove nothing`)}`}; ${count(secrets, 'secret')}; verified offline, just now`],
    ['', told(receipts, (one) => [receiptText(one, view)])],
    ['people', told(identities, (one) => signerLines(one, view))],
    ['message', message?.cid ?? `${roots[0] ?? '-'}, not in the file`],
    ...(message === null ? [] : manifestFacts(message)),
  ];
}

function signerLines({ name, fingerprint, code }: EvidenceCarFacts['identities'][number], view: View): readonly string[] {
  const words = fingerprintBeside(fingerprint, view);
  return [`${name ?? 'without a name'}:${code === null ? '' : view.paint.bad(` ${code}`)}`, ...(typeof words === 'string' ? [words] : words)];
}

function receiptText({ state, at, signer, code }: ReceiptFacts, { paint }: View): string {
  const who = signer === null ? 'by nobody who can be named' : `signed by ${signer.name ?? signer.identity}`;
  const what = state === null ? 'no receipt' : `${state} ${when(at)}`;
  return code === null ? `${what}, ${who}` : `${what}, ${who}: ${paint.bad(`proves nothing (${code})`)}`;
}

function told<T>(items: readonly T[], lines: (item: T) => readonly string[]): readonly string[] {
  const some = items.slice(0, TOLD_MAX).flatMap(lines);
  return items.length > TOLD_MAX ? [...some, `and ${grouped(items.length - TOLD_MAX)} more: --json has them all`] : some;
}

const stretchText = ({ name, memoryKib, passes, lanes }: StretchFacts): string => `${name}, ${size(memoryKib * 1_024)}, ${count(passes, 'pass', 'passes')}, ${count(lanes, 'lane')} a guess`;
