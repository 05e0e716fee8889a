/**
 * A stick as transport. Out: what the store holds for somebody and he has not yet confirmed, with my bundle, so that he can answer.
 * In: CAR files, each block hashed, each message whole, inboxes told last. No key is opened in either direction, so what an import brought
 * is said by inbox alone; who wrote it shows when it is opened, unless a bundle came along.
 */
import { access, constants, open } from 'node:fs/promises';
import type { Block } from '../base/block.ts';
import { equalBytes, type Bytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import { fail, isError, warning, type ErrorCode } from '../base/errors.ts';
import { fileError } from '../base/files.ts';
import { limits } from '../base/limits.ts';
import type { ContactRecord } from '../home/index.ts';
import { historyOf } from '../identity/history.ts';
import { introductionBlocks, introductionsAmong, type Introduction } from '../identity/introduction.ts';
import { exportCar, messagesFor, type CarStream } from '../storage/car-export.ts';
import { importCar, type ImportResult } from '../storage/car-import.ts';
import { isExpired } from '../storage/expiry.ts';
import { isWanted } from '../storage/wanted.ts';
import { outcome, type Outcome } from './outcome.ts';
import type { MailRoom } from './room.ts';

export interface ExportForRequest {
  /** Contacts. */
  readonly names: readonly string[];
  /** A new file; with a split `x.001.car` and on. */
  readonly out: string;
  readonly splitBytes?: number | undefined;
  /** Instead of a file: see ExportOptions. */
  readonly into?: CarStream | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: { readonly bytes: number; readonly messages: number }) => void) | undefined;
}

export interface ExportForResult {
  readonly files: ReadonlyArray<{ readonly path: string; readonly bytes: number }>;
  /** Receipts not counted. */
  readonly messages: number;
  readonly receipts: number;
  /** The identity of mine whose bundle comes along: others of mine are not given away with it. */
  readonly bundle: string;
  readonly packets: number;
  readonly blocks: number;
  readonly for: ReadonlyArray<{ readonly name: string; readonly messages: number; readonly receipts: number }>;
}

/**
 * On the device when it resolves. Left out: what he has acknowledged by a receipt, or in this store, and what has expired.
 * Throws E_NO_IDENTITY, E_NAME_UNKNOWN (all such names), E_NOT_FOUND (nothing for any of them), E_EXISTS, E_BLOCKS_MISSING, E_DISK_FULL; then there is no file.
 */
export async function exportFor(room: MailRoom, { names, out, into, splitBytes, signal, onProgress }: ExportForRequest): Promise<Outcome<ExportForResult>> {
  const { store, contacts, identities } = room;
  const { name: mine } = room.acting();
  const people = contacts.records([...new Set(names)]);
  const found = await Promise.all(people.map((person) => waitingFor(room, person)));
  const cids = [...new Map(found.flatMap(({ cids: some }) => some).map((cid) => [cid.toString(), cid])).values()];
  if (cids.length === 0) throw nothingWaits(people);
  const receipts = cids.filter((cid) => room.home.receipts.find(cid) !== undefined);
  await room.original();
  const bundles = introductionBlocks(identities.handOut(mine));
  const inboxes = found.flatMap((one) => one.inboxes);
  const options = { out, into, inboxes, bundles, receipts, ...(splitBytes !== undefined && { splitBytes }), ...(signal && { signal }), ...(onProgress && { onProgress }) };
  const { files, packets, blocks } = await exportCar(store, cids, options);
  const result = {
    ...{ files, messages: cids.length - receipts.length, receipts: receipts.length, bundle: mine, packets, blocks },
    for: people.map(({ name }, i) => countsOf(room, name, found[i]?.cids ?? [])),
  };
  return outcome(result, true);
}

const nothingWaits = (people: readonly ContactRecord[]) =>
  fail('E_NOT_FOUND', {
    what: `mail that waits for ${people.map(({ name }) => `"${name}"`).join(' or ')}`,
    hint: 'Nothing waits: what was sent is confirmed, has expired, was removed, or lies in another store. `omniplex outbox list` shows what was sent.',
  });

function countsOf({ home }: MailRoom, name: string, cids: readonly Cid[]): ExportForResult['for'][number] {
  const receipts = cids.filter((cid) => home.receipts.find(cid) !== undefined).length;
  return { name, messages: cids.length - receipts, receipts };
}

async function waitingFor({ home, store }: MailRoom, { id }: ContactRecord): Promise<{ readonly inboxes: readonly Bytes[]; readonly cids: readonly Cid[] }> {
  const inboxes = historyOf(home, id).newest.inboxes.map(({ digest }) => digest);
  const nowMs = home.clock.now();
  const cids: Cid[] = [];
  for (const cid of await messagesFor(store, inboxes)) {
    const record = await store.hot.message(cid);
    const isGone = !isWanted(record) || isExpired(record, nowMs);
    const told = home.outbox.find(cid)?.recipients.find(({ identity }) => identity.equals(id));
    const isConfirmed = told?.state === 'received' || told?.state === 'opened' || told?.state === 'refused';
    if (!isGone && !isConfirmed) cids.push(cid);
  }
  return { inboxes, cids };
}

/** A file, or a stream such as standard input. */
export interface CarInput {
  /** For messages to people. */
  readonly place: string;
  /** Looked at before the first file is taken in. */
  check?(): Promise<void>;
  open(): AsyncIterable<Bytes>;
}

/** Throws E_NOT_FOUND, E_IO when it is looked at, and when it is read. */
export const carFile = (path: string): CarInput => ({
  place: path,
  check: () =>
    access(path, constants.R_OK).catch((cause: unknown) => {
      throw fileError(path, cause);
    }),
  open: () => readFile(path),
});

async function* readFile(path: string): AsyncGenerator<Bytes> {
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  try {
    for (;;) {
      const { bytesRead, buffer } = await handle.read(new Uint8Array(limits.readAheadBytes), 0, limits.readAheadBytes, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (cause) {
    throw isError(cause) ? cause : fileError(path, cause);
  } finally {
    await handle.close();
  }
}

/** Where CARs are taken in. Without the people of a home a store does it alone: a machine that holds mail and no key. */
export interface ImportRoom extends Pick<MailRoom, 'store' | 'crypto' | 'warn'> {
  readonly people?: Pick<MailRoom, 'home' | 'identities' | 'contacts'> | undefined;
}

/** What an import opens: the library, or as much of it. */
interface Openable {
  home(): Promise<unknown>;
  store(): Promise<MailRoom['store']>;
  crypto(): Promise<MailRoom['crypto']>;
  mail(): Promise<MailRoom>;
}

/** With the home where there is one. `needsHome`: where there is none, E_NO_HOME is thrown. */
export async function importRoom(app: Openable, { needsHome, warn }: Pick<MailRoom, 'warn'> & { readonly needsHome: boolean }): Promise<ImportRoom> {
  try {
    await app.home();
  } catch (error) {
    if (needsHome || !isError(error, 'E_NO_HOME')) throw error;
    return { store: await app.store(), crypto: await app.crypto(), warn };
  }
  const mail = await app.mail();
  return { ...mail, people: mail };
}

export interface ImportRequest {
  readonly inputs: readonly CarInput[];
  readonly signal?: AbortSignal | undefined;
  /** Of the file that is being read. */
  readonly onProgress?: ((progress: { readonly place: string; readonly blocks: number; readonly bytes: number }) => void) | undefined;
}

export interface ImportedIntroduction {
  readonly identity: string;
  /** What he calls himself; null when he does not. */
  readonly name: string | null;
  /** The contact that he is; null for a stranger, and where there is no home. */
  readonly contact: string | null;
}

export interface ImportFilesResult {
  readonly files: number;
  readonly blocks: number;
  readonly bytes: number;
  /** Whole messages, receipts included. */
  readonly messages: number;
  /** Of them, those that were not here, or not announced as they are now. */
  readonly stored: number;
  readonly receipts: number;
  /** What came for my identities; the rest is for others, or for a passphrase. Null without a home, which alone could tell. */
  readonly forMe: ReadonlyArray<{ readonly name: string; readonly messages: number; readonly receipts: number }> | null;
  readonly introductions: readonly ImportedIntroduction[];
  /** Messages of which another file has the rest. */
  readonly incomplete: ReadonlyArray<{ readonly cid: string; readonly missing: number }>;
  readonly refused: ReadonlyArray<{ readonly cid: string; readonly code: ErrorCode }>;
}

/**
 * Each file all or nothing but for single messages in it. `changed` also for blocks alone that were not here and wait for the rest. Beside the result E_INCOMPLETE when messages still lack blocks, E_FORMAT when some
 * were refused. Throws E_NOT_FOUND, with nothing taken in; what an input throws, E_FORMAT (cut, not a CAR), E_BLOCK_CORRUPT, E_DISK_FULL: then
 * files before this one stand.
 */
export async function importFiles(room: ImportRoom, { inputs, signal, onProgress }: ImportRequest): Promise<Outcome<ImportFilesResult>> {
  for (const input of inputs) await input.check?.();
  if (room.people === undefined) room.warn(warning('W_NO_HOME'));
  const imported: ImportResult[] = [];
  for (const [before, { place, open: read }] of inputs.entries()) {
    const onFile = onProgress && ((progress: { blocks: number; bytes: number }) => onProgress({ place, ...progress }));
    const importing = importCar(room.store, read(), { place, ...(signal && { signal }), ...(onFile && { onProgress: onFile }) });
    imported.push(await importing.catch((error: unknown) => Promise.reject(withWhatStands(error, place, before))));
  }
  const messages = new Map(imported.flatMap((one) => one.messages).map((one) => [one.cid.toString(), one]));
  const receipts = new Set(imported.flatMap((one) => one.receipts).map(String).filter((cid) => messages.has(cid)));
  const introductions = imported.flatMap(({ bundles }, i) => introductionsIn(room, bundles, inputs[i]?.place ?? ''));
  const incomplete = imported.flatMap((one) => one.incomplete).filter(({ cid }) => !messages.has(cid.toString()));
  const refused = imported.flatMap((one) => one.refused);
  const result: ImportFilesResult = {
    ...{ files: inputs.length, blocks: total(imported, 'blocks'), bytes: total(imported, 'bytes'), messages: messages.size, receipts: receipts.size },
    stored: [...messages.values()].filter((one) => one.outcome === 'stored').length,
    forMe: room.people === undefined ? null : forMe(room.people, [...messages.values()], receipts),
    introductions: [...new Map(introductions.map((one) => [one.identity, one])).values()],
    incomplete: [...new Map(incomplete.map(({ cid, missing }) => [cid.toString(), { cid: cid.toString(), missing }])).values()],
    refused: refused.map(({ cid, code }) => ({ cid: cid.toString(), code })),
  };
  return outcome(result, result.stored > 0 || imported.some(({ isNew }) => isNew), shortfall(result));
}

const DAMAGED = 'It was damaged on its way: ask for it again, or copy it again.';

/** What is wrong with a file is no fault of the store, and no command mends it here. `before`: how many files were taken in before it. */
function withWhatStands(error: unknown, place: string, before: number): unknown {
  if (!isError(error, 'E_USAGE', 'E_FORMAT', 'E_NOT_CANONICAL', 'E_CID_INVALID', 'E_BLOCK_TOO_LARGE', 'E_BLOCK_CORRUPT')) return error;
  if (error.code === 'E_BLOCK_CORRUPT' && error.details['place'] !== place) return error;
  const advice = ['E_CID_INVALID', 'E_BLOCK_TOO_LARGE', 'E_BLOCK_CORRUPT'].includes(error.code) ? DAMAGED : error.hint;
  const stands = before === 0 ? '' : before === 1 ? '; the file before it is in' : `; the ${before} files before it are in`;
  return fail(error.code, { ...error.details, hint: `${advice} Nothing of ${place} was taken in${stands}.` }, error);
}

type People = NonNullable<ImportRoom['people']>;

const total = (results: readonly ImportResult[], field: 'blocks' | 'bytes'): number => results.reduce((sum, result) => sum + result[field], 0);

function shortfall({ refused, incomplete }: ImportFilesResult) {
  if (refused.length > 0) return fail('E_FORMAT', { kind: 'message', why: `refused: ${refused.length}, listed one by one` });
  if (incomplete.length > 0) return fail('E_INCOMPLETE', { why: `messages that wait for blocks which other files carry: ${incomplete.length}`, retry: 'no', hint: 'What was whole is in. Import the other files too, in any order.' });
  return undefined;
}

function forMe({ home, identities }: People, messages: ImportResult['messages'], receipts: ReadonlySet<string>): ImportFilesResult['forMe'] {
  return home.people.identities.list('true ORDER BY name').flatMap(({ name }) => {
    const mine = identities.inboxes(name).map(({ digest }) => digest);
    const came = messages.filter(({ inboxes }) => inboxes.some((inbox) => mine.some((one) => equalBytes(one, inbox))));
    const told = came.filter(({ cid }) => receipts.has(cid.toString())).length;
    return came.length === 0 ? [] : [{ name, messages: came.length - told, receipts: told }];
  });
}

/** Who introduces himself in it. A contact's newer bundle is taken in; one that does not continue what is known is left alone. */
function introductionsIn({ people, crypto, warn }: ImportRoom, blocks: readonly Block[], place: string): readonly ImportedIntroduction[] {
  let introductions: readonly Introduction[];
  try {
    introductions = introductionsAmong(crypto, blocks);
  } catch (error) {
    if (!isError(error)) throw error;
    warn(warning('W_BUNDLE_LEFT', { place, why: error.message }));
    return [];
  }
  return introductions.map((introduction) => {
    if (people !== undefined) learn(people, warn, introduction, place);
    const { genesis, newest } = introduction;
    return { identity: genesis.id.toString(), name: newest.name ?? null, contact: people?.home.people.contactOf(genesis.id)?.name ?? null };
  });
}

function learn({ contacts }: People, warn: MailRoom['warn'], introduction: Introduction, place: string): void {
  try {
    for (const told of contacts.learn(introduction)?.warnings ?? []) warn(told);
  } catch (error) {
    if (!isError(error, 'E_BUNDLE_CHAIN', 'E_BUNDLE_STALE', 'E_TOO_MANY', 'E_HOME_COPIED')) throw error;
    warn(warning('W_BUNDLE_LEFT', { place, why: error.message }));
  }
}
