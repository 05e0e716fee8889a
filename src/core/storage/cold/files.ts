/**
 * The embedded cold tier: one file a block, in the layout of the JavaScript IPFS block store, with the announcements beside it.
 * A resolved put survives a power cut; a block is there whole or not at all; every block is hashed on its way out.
 * What has the name of a block or of announcements and is no file counts as a damaged copy; a folder is moved aside, never removed.
 * It keeps one copy on one disk, and does not keep the codec of a block: `blocks` names them all as raw.
 */
import { utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Block } from '../../base/block.ts';
import type { Bytes } from '../../base/bytes.ts';
import { names as isNameOf, parseCid, verified, type Cid } from '../../base/cid.ts';
import type { Clock } from '../../base/clock.ts';
import { fail, isError } from '../../base/errors.ts';
import { fileError, isFileOrNone, isMissing, makePrivateFolder, readBounded } from '../../base/files.ts';
import { limits } from '../../base/limits.ts';
import type { ProcessMutex } from '../../base/process-mutex.ts';
import { mapBounded } from '../concurrent.ts';
import { storeMutex } from '../mutex.ts';
import type { ColdTier, StoredBlock } from '../ports.ts';
import { announcementsFileBytesMax, decodeAnnouncements, encodeAnnouncements } from './announcements.ts';
import { AtomicBatch, syncFolders } from './atomic-batch.ts';
import { contentAt, copyAt, names, readBlock, removeFile, statOf } from './block-files.ts';
import { cidOfFile, shelfOf } from './sharding.ts';

const PACKETS = '.packets';

export interface FileTierFolders {
  readonly blocks: string;
  readonly announcements: string;
}

export class FileColdTier implements ColdTier {
  readonly tier = 'files';
  readonly copies = 1;
  readonly releasesBytes = true;
  readonly place: string;
  readonly #folders: FileTierFolders;
  readonly #clock: Clock;
  readonly #batch: AtomicBatch;
  /** Between "this block is there, keep it" and "this block is old, drop it". */
  readonly #keepOrDrop: ProcessMutex;

  private constructor(folders: FileTierFolders, clock: Clock) {
    this.place = folders.blocks;
    this.#folders = folders;
    this.#clock = clock;
    this.#batch = new AtomicBatch(join(dirname(folders.blocks), 'partial'), clock);
    this.#keepOrDrop = storeMutex(join(dirname(folders.blocks), 'drop.lock'), clock);
  }

  static async open(folders: FileTierFolders, clock: Clock): Promise<FileColdTier> {
    await makePrivateFolder(folders.blocks, { own: true });
    await makePrivateFolder(folders.announcements, { own: true });
    return new FileColdTier(folders, clock);
  }

  #path(cid: Cid): string {
    const { shard, file } = shelfOf(cid);
    return join(this.#folders.blocks, shard, file);
  }

  /** A block that is there already counts as new for the grace time of gc; one whose bytes were damaged is replaced. */
  async put(blocks: readonly Block[], signal?: AbortSignal): Promise<void> {
    const tooLarge = blocks.find(({ bytes }) => bytes.length > limits.blockBytesMax);
    if (tooLarge !== undefined) throw fail('E_BLOCK_TOO_LARGE', { bytes: tooLarge.bytes.length, max: limits.blockBytesMax });
    const files = blocks.map(({ cid, bytes }) => ({ path: this.#path(cid), bytes }));
    const there = await mapBounded(files, limits.fileConcurrency, ({ path, bytes }) => contentAt(path, bytes));
    const kept = await this.#keep(files.filter((_, i) => there[i] === 'same').map(({ path }) => path));
    await this.#batch.write(
      files.filter(({ path }) => !kept.has(path)),
      signal,
    );
    // somebody who dropped the damaged bytes may have taken with them what came in their place
    const replaced = files.filter((_, i) => there[i] === 'other');
    const still = await this.#keep(replaced.map(({ path }) => path));
    await this.#batch.write(replaced.filter(({ path }) => !still.has(path)));
  }

  /** Makes blocks new again; answers those that are still there. Their folders are flushed: who wrote them may have died before. */
  async #keep(paths: readonly string[]): Promise<ReadonlySet<string>> {
    if (paths.length === 0) return new Set();
    const now = this.#clock.now() / 1000;
    const kept = await this.#keepOrDrop.run(() =>
      mapBounded(paths, limits.fileConcurrency, async (path) => {
        try {
          await utimes(path, now, now);
          return true;
        } catch (error) {
          if (isMissing(error)) return false;
          throw fileError(path, error);
        }
      }),
    );
    const still = new Set(paths.filter((_, i) => kept[i]));
    await syncFolders(new Set([...still].map(dirname)));
    return still;
  }

  async get(cid: Cid, signal?: AbortSignal): Promise<Bytes | undefined> {
    signal?.throwIfAborted();
    const path = this.#path(cid);
    const bytes = await readBlock(path);
    if (bytes === 'no block') throw fail('E_BLOCK_CORRUPT', { cid: cid.toString(), place: path });
    return bytes === undefined ? undefined : verified(cid, bytes, path);
  }

  getMany(cids: readonly Cid[], signal?: AbortSignal): Promise<ReadonlyArray<Bytes | undefined>> {
    return mapBounded(cids, limits.fileConcurrency, (cid) => this.get(cid, signal));
  }

  has(cids: readonly Cid[], signal?: AbortSignal): Promise<readonly boolean[]> {
    return mapBounded(cids, limits.fileConcurrency, async (cid) => {
      signal?.throwIfAborted();
      return (await copyAt(this.#path(cid))) !== undefined;
    });
  }

  remove(cids: readonly Cid[], signal?: AbortSignal): Promise<number> {
    return this.removeOlder(cids, Number.MAX_SAFE_INTEGER, signal);
  }

  async removeOlder(cids: readonly Cid[], storedUntilMs: number, signal?: AbortSignal): Promise<number> {
    const paths = cids.map((cid) => this.#path(cid));
    const removed = await this.#keepOrDrop.run(() =>
      mapBounded(paths, limits.fileConcurrency, async (path) => {
        signal?.throwIfAborted();
        const stats = await copyAt(path);
        if (stats === undefined || stats.storedAtMs > storedUntilMs) return false;
        await removeFile(path, this.#clock);
        return true;
      }),
    );
    await syncFolders(new Set(paths.filter((_, i) => removed[i]).map(dirname)));
    return removed.filter(Boolean).length;
  }

  async dropDamaged(cid: Cid, signal?: AbortSignal): Promise<boolean> {
    const path = this.#path(cid);
    const isDropped = await this.#keepOrDrop.run(async () => {
      signal?.throwIfAborted();
      const there = await readBlock(path);
      if (there === undefined || (there !== 'no block' && isNameOf(cid, there))) return false;
      return removeFile(path, this.#clock);
    });
    if (isDropped) await syncFolders([dirname(path)]);
    return isDropped;
  }

  /** By shard, then by name: one shard's names are in memory at a time. */
  async *blocks(after?: Cid, signal?: AbortSignal): AsyncGenerator<StoredBlock> {
    const from = after === undefined ? undefined : shelfOf(after);
    for (const shard of await names(this.#folders.blocks)) {
      if (from !== undefined && shard < from.shard) continue;
      for (const file of await names(join(this.#folders.blocks, shard))) {
        if (from !== undefined && shard === from.shard && file <= from.file) continue;
        signal?.throwIfAborted();
        const cid = cidOfFile(shard, file);
        const stats = cid === undefined ? undefined : await copyAt(join(this.#folders.blocks, shard, file));
        if (cid !== undefined && stats !== undefined) yield { cid, ...stats };
      }
    }
  }

  async usage(): Promise<{ blocks: number; bytes: number }> {
    const total = { blocks: 0, bytes: 0 };
    for await (const { bytes } of this.blocks()) {
      total.blocks++;
      total.bytes += bytes;
    }
    return total;
  }

  // announcements

  #announcementsPath(cid: Cid): string {
    const name = cid.toString();
    return join(this.#folders.announcements, name.slice(-2), name + PACKETS);
  }

  putAnnouncements(cid: Cid, packets: readonly Bytes[]): Promise<void> {
    return this.#batch.write([{ path: this.#announcementsPath(cid), bytes: encodeAnnouncements(cid, packets) }]);
  }

  async announcements(cid: Cid): Promise<readonly Bytes[]> {
    const path = this.#announcementsPath(cid);
    if (!(await isFileOrNone(path))) throw fail('E_STORE_CORRUPT', { tier: 'files', path, why: 'it is no file' });
    try {
      return decodeAnnouncements(cid, await readBounded(path, announcementsFileBytesMax), path);
    } catch (error) {
      if (isError(error, 'E_NOT_FOUND')) return [];
      if (isError(error, 'E_FORMAT')) throw fail('E_STORE_CORRUPT', { tier: 'files', path, why: 'too long' }, error);
      throw error;
    }
  }

  async *announced(): AsyncGenerator<Cid> {
    for (const shard of await names(this.#folders.announcements)) {
      for (const file of await names(join(this.#folders.announcements, shard))) {
        if (!file.endsWith(PACKETS)) continue;
        const cid = parsed(file.slice(0, -PACKETS.length));
        if (cid !== undefined) yield cid;
      }
    }
  }

  async forget(cid: Cid): Promise<void> {
    const path = this.#announcementsPath(cid);
    if (await removeFile(path, this.#clock)) await syncFolders([dirname(path)]);
  }

  /** Files that a killed process left unfinished, older than `untilMs`. Answers how many went. */
  async sweep(untilMs: number): Promise<number> {
    let swept = 0;
    for (const name of await names(this.#batch.partial)) {
      const path = join(this.#batch.partial, name);
      const stats = await statOf(path);
      if (stats !== undefined && stats.storedAtMs <= untilMs && (await removeFile(path, this.#clock))) swept++;
    }
    return swept;
  }

  async close(): Promise<void> {
    await this.#keepOrDrop.close();
  }
}

function parsed(text: string): Cid | undefined {
  try {
    const cid = parseCid(text);
    return cid.toString() === text ? cid : undefined;
  } catch {
    return undefined;
  }
}
