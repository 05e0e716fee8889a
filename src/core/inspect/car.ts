/**
 * A CAR as facts: a file of messages for a stick, a bundle file, or the evidence of `outbox export`. Everything that can be proved without a
 * private key is: each block's hash, whether each message is whole, and each signature whose keys came along.
 * What it does not promise: that packets are authentic, or that what is in the file is all that there was to say.
 */
import type { Bytes } from '../base/bytes.ts';
import { encodeCar } from '../base/car.ts';
import { DAG_CBOR, type Cid } from '../base/cid.ts';
import { fail, isError, type OmniplexError } from '../base/errors.ts';
import { decodeBundleFile } from '../identity/introduction.ts';
import { blocksUnder } from '../message/nodes.ts';
import type { LoadCrypto } from './block.ts';
import { CarScan, keyOf, type Links, type ScannedManifest } from './car-scan.ts';
import type { BundleFileFacts, CarFacts, CarMessageFacts, EvidenceCarFacts, ReceiptFacts } from './description.ts';
import { checkEvidence } from './evidence.ts';

export interface CarAnswer {
  readonly result: CarFacts | BundleFileFacts | EvidenceCarFacts;
  /** The first thing in it that does not hold. */
  readonly error: OmniplexError | undefined;
}

/** Hostile input. Throws what the header of the file throws, and E_TOO_MANY. `fileBytes` is asked for when all was read. */
export async function inspectCar(pieces: AsyncIterable<Bytes>, { place, crypto, signal, fileBytes }: { readonly place: string; readonly crypto: LoadCrypto; readonly signal?: AbortSignal | undefined; readonly fileBytes: () => number }): Promise<CarAnswer> {
  const scan = new CarScan(crypto);
  await scan.read(pieces, place, signal);
  const error = scan.damage ?? cutShort(scan);
  const common = { bytes: fileBytes(), sections: scan.sections, roots: scan.roots.map(String), intact: error === undefined };
  if (scan.indexes.length === 0 && (scan.evidence.length > 0 || isWithoutReceipts(scan))) return evidenceCar(scan, common, error, crypto);
  if (scan.people.blocks.length === scan.sections && scan.sections > 0 && scan.malformed.size === 0) return bundleFile(scan, common, error, crypto);
  return messagesCar(scan, common, error, crypto);
}

/** Evidence of a message that nobody has answered: the manifest as the one root, the sender, and nothing else. What carries a message has an index, or its packets. */
const isWithoutReceipts = ({ roots: [root, ...others], manifests, people, sections, malformed }: CarScan): boolean =>
  root !== undefined && others.length === 0 && malformed.size === 0 && manifests.has(root.toString()) && people.blocks.length > 0 && sections === 1 + people.blocks.length;

type Common = Pick<CarFacts, 'bytes' | 'sections' | 'roots' | 'intact'>;

/** A file that was cut between two blocks is a well-formed CAR still: its roots, and the number of blocks in its index, tell. */
function cutShort({ roots, present, indexes, sections }: CarScan): OmniplexError | undefined {
  if (roots.length === 0 || roots.some((root) => !present.has(keyOf(root)))) return fail('E_FORMAT', { kind: 'CAR', why: 'a root is not in it' });
  if (indexes.some((index) => index.sections !== sections)) return fail('E_FORMAT', { kind: 'CAR', why: 'it is cut short, or something was added' });
  return undefined;
}

// messages on a stick

async function messagesCar(scan: CarScan, common: Common, damage: OmniplexError | undefined, crypto: LoadCrypto): Promise<CarAnswer> {
  const identities = scan.people.blocks.length === 0 ? [] : scan.people.facts(await crypto(), true);
  const messages = messageFacts(scan);
  const hidden = [
    'what the messages say, what they are called, how long they truly are, and who sent them',
    'whom they are for, unless you know whose inboxes these are',
    'whether the packets are authentic: that takes the keys of the messages',
  ];
  const counts = { packets: scan.packets.size, receipts: messages.filter(({ receipt }) => receipt).length, others: scan.others };
  const result: CarFacts = { kind: 'car', ...common, indexed: scan.indexes.length > 0, messages, identities, ...counts, hidden };
  return { result, error: damage ?? scan.malformed.values().next().value ?? refused(messages.flatMap(({ codes }) => codes), 'message') ?? refused(codesOf(identities), 'bundle') };
}

const codesOf = (items: ReadonlyArray<{ readonly code: string | null }>): readonly string[] => items.flatMap(({ code }) => code ?? []);

/** The error for codes that stand in the answer already, beside what they are of. */
function refused(codes: readonly string[], kind: string): OmniplexError | undefined {
  const [first] = codes;
  if (first === undefined) return undefined;
  return first === 'E_SIGNATURE' ? fail('E_SIGNATURE', { kind }) : fail('E_FORMAT', { kind, why: `${codes.length} of what it claims does not hold (${first})` });
}

interface Listed {
  readonly cid: Cid;
  readonly packets: readonly Cid[];
}

/** Those that an index lists; in a file without one, its roots and every manifest that is in it. */
function messageFacts(scan: CarScan): readonly CarMessageFacts[] {
  const receipts = new Set(scan.indexes.flatMap((index) => index.receipts).map(String));
  const counter = new Counter(scan);
  const listed: Listed[] = scan.indexes.flatMap(({ messages }) => messages);
  if (scan.indexes.length === 0) listed.push(...scan.roots.filter((root) => root.code === DAG_CBOR && isMessage(scan, root)).map((cid) => ({ cid, packets: [] })));
  const facts = listed.map((message) => listedMessage(scan, counter, message, receipts));
  const told = new Set(listed.map(({ cid }) => cid.toString()));
  const unlisted = [...scan.manifests].filter(([cid]) => !told.has(cid));
  return [...facts, ...unlisted.map(([cid, manifest]) => oneMessage(counter, cid, manifest, [], []))];
}

/** A root that is here and is something else is no message; one that is not here may be. */
const isMessage = (scan: CarScan, root: Cid): boolean => scan.manifests.has(root.toString()) || scan.malformed.has(root.toString()) || !scan.present.has(keyOf(root));

function listedMessage(scan: CarScan, counter: Counter, { cid, packets }: Listed, receipts: ReadonlySet<string>): CarMessageFacts {
  const text = cid.toString();
  const malformed = scan.malformed.get(text)?.code;
  const codes: string[] = malformed === undefined ? [] : [malformed];
  const found = packets.flatMap((packet) => {
    const scanned = scan.packets.get(packet.toString());
    // Missing from a file that was cut is told once, of the file.
    if (scanned === undefined && scan.present.has(keyOf(packet))) codes.push(scan.malformed.get(packet.toString())?.code ?? 'E_PACKET_CRC');
    if (scanned?.about !== undefined && scanned.about !== text) codes.push('E_FORMAT');
    return scanned ?? [];
  });
  return { ...oneMessage(counter, text, scan.manifests.get(text), found, codes), receipt: receipts.has(text) };
}

function oneMessage(counter: Counter, cid: string, manifest: ScannedManifest | undefined, packets: ReadonlyArray<{ readonly inbox: string; readonly expires: string | null }>, codes: readonly string[]): CarMessageFacts {
  const inboxes = [...new Set(packets.map(({ inbox }) => inbox))];
  const common = { cid, inboxes, packets: packets.length, expires: packets.find(({ expires }) => expires !== null)?.expires ?? null, receipt: false };
  if (manifest === undefined) return { ...common, facts: null, blocks: { total: null, here: 0 }, whole: false, codes };
  const { recipients, stanzas, postQuantum, content } = manifest.facts;
  const { here, isSound } = counter.count(manifest);
  return {
    ...common,
    facts: { recipients, stanzas, postQuantum, paddedBytes: content.paddedBytes },
    blocks: { total: manifest.total, here },
    whole: isSound && here === manifest.total,
    codes: isSound ? codes : [...codes, 'E_FORMAT'],
  };
}

interface Counted {
  readonly here: number;
  /** Every link node that is here has as many links as its place asks for. */
  readonly isSound: boolean;
}

/** Counts the blocks of messages that are in the file. A node that is linked from many places is counted once for each shape, so that a hostile tree costs no more than its bytes. */
class Counter {
  readonly #scan: CarScan;
  readonly #known = new Map<string, Counted>();

  constructor(scan: CarScan) {
    this.#scan = scan;
  }

  count({ links, depth, blocks }: ScannedManifest): Counted {
    const below = this.#under(links, depth, blocks);
    return { ...below, here: below.here + 1 };
  }

  #under(links: Links, depth: number, blocks: number): Counted {
    let [here, isSound] = [0, true];
    const span = blocksUnder(depth);
    let i = 0;
    for (const key of links.keys()) {
      if (depth === 0) here += this.#scan.present.has(key) ? 1 : 0;
      else {
        const found = this.#node(key, depth - 1, Math.min(span, blocks - i * span));
        here += found.here;
        isSound &&= found.isSound;
      }
      i++;
    }
    return { here, isSound };
  }

  #node(key: string, depth: number, blocks: number): Counted {
    const name = `${key}${depth} ${blocks}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const links = this.#scan.nodes.get(key);
    const counted = links === undefined ? { here: 0, isSound: !this.#scan.present.has(key) } : this.#inside(links, depth, blocks);
    this.#known.set(name, counted);
    return counted;
  }

  #inside(links: Links, depth: number, blocks: number): Counted {
    if (links.count !== Math.ceil(blocks / blocksUnder(depth))) return { here: 1, isSound: false };
    const below = this.#under(links, depth, blocks);
    return { ...below, here: below.here + 1 };
  }
}

// a bundle file

async function bundleFile(scan: CarScan, common: Common, damage: OmniplexError | undefined, crypto: LoadCrypto): Promise<CarAnswer> {
  const provider = await crypto();
  const identities = scan.people.facts(provider, true);
  const hidden = ['whether it belongs to whom its name says: that is what the twelve words are compared for', 'whether there is a newer one'];
  const spelling = await firstError(() => decodeBundleFile(provider, encodeCar(scan.roots, scan.people.blocks)));
  return { result: { kind: 'bundle-file', ...common, identities, hidden }, error: damage ?? spelling };
}

async function firstError(act: () => Promise<unknown>): Promise<OmniplexError | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (isError(error)) return error;
    throw error;
  }
}

// evidence

async function evidenceCar(scan: CarScan, common: Common, damage: OmniplexError | undefined, crypto: LoadCrypto): Promise<CarAnswer> {
  const provider = await crypto();
  const [root] = scan.roots;
  const about = root?.toString() ?? '';
  const receipts: ReceiptFacts[] = [];
  let secrets = 0;
  for (const { cid, bytes } of scan.evidence) {
    const checked = await checkOne(() => checkEvidence(provider, bytes, scan.people));
    if (checked === undefined) scan.malformed.set(cid.toString(), fail('E_FORMAT', { kind: 'evidence', why: 'it holds no manifest' }));
    if (checked?.isReceipt !== true) secrets++;
    if (checked !== undefined) receipts.push(checked.facts.code === null && checked.facts.of !== about ? { ...checked.facts, code: 'E_FORMAT' } : checked.facts);
  }
  const counts = { received: 0, opened: 0, refused: 0, refuted: 0 };
  for (const { state, code } of receipts) counts[code === null && state !== null ? state : 'refuted']++;
  const identities = scan.people.facts(provider, false);
  const hidden = ['what the message says and whom it was for: only its manifest is here', 'whether whoever signed was a recipient: stanzas name nobody', 'when anything was signed, but for the word of the signer'];
  const message = scan.manifests.get(about)?.facts ?? null;
  const result: EvidenceCarFacts = { kind: 'evidence-car', ...common, message, receipts, counts, identities, secrets, hidden };
  return { result, error: damage ?? scan.malformed.values().next().value ?? refused(codesOf(receipts), 'receipt') ?? refused(codesOf(identities), 'bundle') };
}

async function checkOne<T>(check: () => Promise<T>): Promise<T | undefined> {
  try {
    return await check();
  } catch (error) {
    if (isError(error)) return undefined;
    throw error;
  }
}

