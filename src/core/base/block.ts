/** Blocks and the two narrow ports through which sealing and opening meet whatever holds them. */
import type { Bytes } from './bytes.ts';
import type { Cid } from './cid.ts';

export interface Block {
  readonly cid: Cid;
  readonly bytes: Bytes;
}

/** Takes blocks. When `put` resolves they are as durable as the sink promises; putting a block twice is one effect. */
export interface BlockSink {
  put(blocks: readonly Block[], signal?: AbortSignal): Promise<void>;
  /**
   * True: once `put` has settled, nothing of the blocks' bytes is read again, and the caller may write over them.
   * Sealing then uses its buffers again, which is worth a tenth of its speed. Absent: the sink may keep them.
   */
  readonly releasesBytes?: boolean;
  /** How many bytes it would rather have in one `put`. Absent: it does not care, and the less is under way the more of it is in the caches. */
  readonly batchBytes?: number;
}

/** Gives blocks by name, hashed: bytes that come out are the ones named. Absent is undefined; wrong bytes throw E_BLOCK_CORRUPT. */
export interface BlockSource {
  get(cid: Cid, signal?: AbortSignal): Promise<Bytes | undefined>;
}
