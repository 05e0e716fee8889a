/**
 * Messages out of the store into CARv1 files: a stick is a transport. Whole messages with the packets that announce them, and bundles.
 * One block in memory at a time; all files come into being together, flushed, or none. What leaves is ciphertext, but its index shows which
 * packets belong to which message: give `inboxes` to take along only what is for one recipient.
 */
import { rm } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Block } from '../base/block.ts';
import { equalBytes, type Bytes } from '../base/bytes.ts';
import { carHeader, carSection } from '../base/car.ts';
import type { Cid } from '../base/cid.ts';
import { eachOf } from '../base/count.ts';
import { fail } from '../base/errors.ts';
import { WholeFile } from '../base/files.ts';
import { limits } from '../base/limits.ts';
import { packetBlock, planCar, type CarFile, type CarPart, type ExportMessage } from './car-plan.ts';
import { closureOf } from './closure.ts';
import type { StoreContext } from './context.ts';
import { isWanted } from './wanted.ts';

export interface CarStream {
  write(bytes: Bytes): Promise<void>;
}

export interface ExportOptions {
  /** `x.car`; with several files `x.001.car` and on. Exclusive: E_EXISTS. */
  readonly out: string;
  /** Instead of a file: a stream, which keeps what was written before a failure. `out` is its name then; one file only. */
  readonly into?: CarStream | undefined;
  /** Only packets to these, by digest; all that the store knows by default. */
  readonly inboxes?: readonly Bytes[];
  readonly bundles?: readonly Block[];
  /** Which of the messages are receipts, for whoever inspects the file. */
  readonly receipts?: readonly Cid[];
  readonly splitBytes?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly bytes: number; readonly messages: number }) => void;
}

export interface ExportResult {
  readonly files: ReadonlyArray<{ readonly path: string; readonly bytes: number }>;
  readonly messages: number;
  readonly packets: number;
  readonly bundles: number;
  readonly blocks: number;
}

/** The messages that these inboxes were told of and nobody acknowledged, in the order of arrival: what `--for` means. */
export async function messagesFor(store: StoreContext, inboxes: readonly Bytes[]): Promise<readonly Cid[]> {
  const found = new Map<string, Cid>();
  for (const inbox of inboxes) {
    for (let after = 0; ; ) {
      const page = await store.hot.inbox.list(inbox, { after, limit: limits.pageItemsMax });
      for (const { cid } of page) if ((await store.hot.message(cid)) !== undefined) found.set(cid.toString(), cid);
      if (page.length < limits.pageItemsMax) break;
      after = page.at(-1)?.position ?? after;
    }
  }
  return [...found.values()];
}

/** Throws E_NOT_FOUND, E_EXISTS, E_BLOCKS_MISSING, E_BLOCK_CORRUPT, E_DISK_FULL, E_USAGE (a split too small); then no file is there. */
export async function exportCar(store: StoreContext, cids: readonly Cid[], options: ExportOptions): Promise<ExportResult> {
  const messages = await withPackets(store, cids, options.inboxes);
  const plan = await planCar(store, messages, options);
  if (options.into !== undefined) return intoStream(store, messages, plan, options, options.into);
  const files: WholeFile[] = [];
  try {
    const progress = { bytes: 0, messages: 0 };
    for (const [i, file] of plan.entries()) {
      const out = await WholeFile.create(plan.length === 1 ? options.out : numbered(options.out, i + 1));
      files.push(out);
      await writeFile(store, file, out, options, progress);
    }
    for (const file of files) await file.commit();
  } catch (error) {
    for (const file of files) {
      await file.abandon();
      if (file.isCommitted) await rm(file.path, { force: true });
    }
    throw error;
  }
  return resultOf(files, messages, plan, options);
}

async function intoStream(store: StoreContext, messages: readonly ExportMessage[], plan: readonly CarFile[], options: ExportOptions, stream: CarStream): Promise<ExportResult> {
  const [file] = plan;
  if (file === undefined || plan.length > 1) throw fail('E_USAGE', { why: 'a stream cannot be split: name a file' });
  const out = { path: options.out, bytes: 0, write: async (bytes: Bytes) => ((out.bytes += bytes.length), stream.write(bytes)) };
  await writeFile(store, file, out, options, { bytes: 0, messages: 0 });
  return resultOf([out], messages, plan, options);
}

function resultOf(files: ExportResult['files'], messages: readonly ExportMessage[], plan: readonly CarFile[], options: ExportOptions): ExportResult {
  return {
    files: files.map(({ path, bytes }) => ({ path, bytes })),
    messages: messages.length,
    packets: messages.reduce((sum, { packets }) => sum + packets.length, 0),
    bundles: options.bundles?.length ?? 0,
    blocks: plan.reduce((sum, { parts }) => sum + parts.reduce((blocks, part) => blocks + part.blocks, 0), 0),
  };
}

function numbered(path: string, number: number): string {
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}.${String(number).padStart(3, '0')}${extension}`;
}

async function withPackets(store: StoreContext, cids: readonly Cid[], inboxes: readonly Bytes[] | undefined): Promise<readonly ExportMessage[]> {
  const messages: ExportMessage[] = [];
  const missing: string[] = [];
  for (const cid of new Map(cids.map((one) => [one.toString(), one])).values()) {
    const record = await store.hot.message(cid);
    if (!isWanted(record)) missing.push(cid.toString());
    const told = await store.hot.inbox.ofMessage(cid);
    const wanted = inboxes === undefined ? told : told.filter(({ inbox }) => inboxes.some((one) => equalBytes(one, inbox)));
    messages.push({ cid, packets: wanted.map(({ packet }) => packetBlock(packet)) });
  }
  if (missing.length > 0) throw fail('E_NOT_FOUND', { what: eachOf(missing) });
  return messages;
}

async function writeFile(store: StoreContext, file: CarFile, out: CarStream, options: ExportOptions, progress: { bytes: number; messages: number }): Promise<void> {
  const roots = [...file.indexes.map(({ cid }) => cid), ...file.parts.map(({ cid }) => cid)];
  await out.write(carHeader(roots));
  for (const block of [...file.indexes, ...file.parts.flatMap(({ packets }) => packets), ...file.bundles]) await out.write(carSection(block));
  for (const part of file.parts) {
    for await (const block of blocksOf(store, part, options.signal)) {
      await out.write(carSection(block));
      progress.bytes += block.bytes.length;
      options.onProgress?.(progress);
    }
    progress.messages++;
  }
}

/** Structure whole, content as far as it belongs to this file, in the order of the walk. */
async function* blocksOf(store: StoreContext, { cid, from, to }: CarPart, signal?: AbortSignal): AsyncGenerator<Block> {
  let [content, isRoot] = [0, true];
  for await (const { role, cids } of closureOf(cid, async (one) => (await store.read(one, signal))?.bytes)) {
    for (const one of cids) {
      const isContent = role === 'content' && !isRoot;
      const at = isContent ? content++ : -1;
      if (isContent && (at < from || at >= to)) continue;
      const found = await store.read(one, signal);
      if (found === undefined) throw fail('E_BLOCKS_MISSING', { cid: cid.toString(), missing: 1 });
      yield { cid: one, bytes: found.bytes };
    }
    isRoot = false;
  }
}
