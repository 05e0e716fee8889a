/**
 * Sealing a large file: in memory on one core and on two, from a file, and into the store as `send` does it.
 * The arithmetic limit is what the format cannot do without: AES-256-GCM in calls of 16 KiB and SHA-256 of the blocks, one after the
 * other, on one core. The limit of the store is the slower of sealing alone and of bare node:sqlite alone with the same bytes, flushed.
 * Peak memory is that of the whole process, the benchmark included: an upper bound of what `send` takes.
 */
import { once } from 'node:events';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Bytes } from '../base/bytes.ts';
import { limits } from '../base/limits.ts';
import type { Rng } from '../base/rng.ts';
import { formatSize } from '../base/size.ts';
import { nextTurn } from '../base/turn.ts';
import { loadProvider, type CryptoProvider } from '../crypto/index.ts';
import { fileInput } from '../mail/input.ts';
import { sealMessage } from '../message/seal.ts';
import { Arithmetic, PIECE_BYTES, repeated } from './arithmetic.ts';
import { BareSqlite } from './bare-sqlite.ts';
import type { Bench, BenchRun, Group } from './bench.ts';
import { nowhere, signedRequest } from './fixtures.ts';
import { slowerOf, sumOf, type Contestant } from './measure.ts';
import { Operators } from './operators.ts';
import { atLeast, sizeRow } from './report.ts';

const DEFAULT_BYTES = 2 ** 30;
/** docs/ARCHITECTURE.md, Budgets: memory. */
const MEMORY_BYTES_MAX = 256 * 2 ** 20;
const READ_BYTES = limits.readAheadBytes;
const RSS_EVERY_BYTES = 8 * 2 ** 20;

interface Content {
  readonly bytes: number;
  readonly piece: Bytes;
}

const contentOf = ({ bytes = DEFAULT_BYTES, rng }: BenchRun): Content => ({ bytes, piece: rng.bytes(Math.min(bytes, PIECE_BYTES)) });

const pieces = ({ bytes, piece }: Content): Iterable<Bytes> => repeated(piece, bytes);

function arithmetic({ bytes, piece }: Content, crypto: CryptoProvider): Contestant {
  const limit = new Arithmetic(crypto.rng, piece);
  return { name: 'AES-256-GCM + SHA-256', calls: 1, run: () => limit.run(bytes) };
}

/** The same on two cores: what this machine gives for a second one. */
class ArithmeticOnTwo implements AsyncDisposable {
  readonly #worker = new Worker(new URL('./arithmetic-worker.ts', import.meta.url));
  readonly contestant: Contestant;

  constructor({ bytes, piece }: Content, crypto: CryptoProvider) {
    const limit = new Arithmetic(crypto.rng, piece);
    const run = async (): Promise<void> => {
      const half = Math.ceil(bytes / 2);
      const other = once(this.#worker, 'message');
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      this.#worker.postMessage(half);
      limit.run(bytes - half);
      await other;
    };
    this.contestant = { name: 'AES-256-GCM + SHA-256 on two cores', awaits: true, calls: 1, run };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

async function setUp(run: BenchRun) {
  const crypto = await loadProvider(run.providerName, run.rng);
  const content = contentOf(run);
  return { crypto, content, request: signedRequest(crypto, run.clock), details: { bytes: content.bytes }, amount: content.bytes };
}

const memoryGroup: Group = {
  ids: ['seal.memory', 'seal.memory.two-cores', 'seal.limit.two-cores'],
  async run(run) {
    const { crypto, content, request, details, amount } = await setUp(run);
    const seal = (name: string, parallel: number): Contestant => ({
      name,
      awaits: true,
      calls: 1,
      run: () => sealMessage(crypto, request, pieces(content), nowhere, { parallel, signal: run.signal }),
    });
    await using onTwo = new ArithmeticOnTwo(content, crypto);
    const [limit, one, two, both] = await run.measure([arithmetic(content, crypto), seal('one core', 0), seal('two cores', 1), onTwo.contestant]);
    const size = formatSize(content.bytes);
    return [
      run.row({ id: 'seal.memory', label: `seal ${size} in memory, one core`, unit: 'MB/s', basis: 'cpu', subject: one, limit, amount, budget: atLeast(0.9), details }),
      run.row({ id: 'seal.memory.two-cores', label: `seal ${size} in memory, two cores`, unit: 'MB/s', basis: 'wall', subject: two, limit: one, amount, budget: atLeast(1.6), details }),
      run.row({ id: 'seal.limit.two-cores', label: `the arithmetic of ${size} alone, two cores`, unit: 'MB/s', basis: 'wall', subject: both, limit, amount, details }),
    ];
  },
};

/** Random content, flushed, so that no sample pays for writing it. */
async function writeFile(path: string, content: Content): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    for (const piece of pieces(content)) await file.write(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function readThrough(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    const buffer = new Uint8Array(READ_BYTES);
    while ((await file.read(buffer, 0, READ_BYTES, null)).bytesRead > 0);
  } finally {
    await file.close();
  }
}

const fileGroup: Group = {
  ids: ['seal.file'],
  async run(run) {
    const { crypto, content, request, details, amount } = await setUp(run);
    const path = join(run.folder, 'file.bin');
    await writeFile(path, content);
    const input = await fileInput(path);
    const [reading, sums, subject] = await run.measure([
      { name: 'reading', awaits: true, calls: 1, run: () => readThrough(path) },
      arithmetic(content, crypto),
      { name: 'seal a file', awaits: true, calls: 1, run: () => sealMessage(crypto, request, input.open(run.signal), nowhere, { parallel: 0, signal: run.signal }) },
    ]);
    await rm(path);
    const label = `seal ${formatSize(content.bytes)} from a file, one core`;
    return [run.row({ id: 'seal.file', label, unit: 'MB/s', basis: 'cpu', subject, limit: sumOf(reading, sums), amount, details })];
  },
};

/** As many blocks of the size of ours as the content makes, into a new database each time. */
class SqliteAlone implements Disposable {
  readonly #path: string;
  readonly #rng: Rng;
  readonly #block: Bytes;
  readonly #blocks: number;
  #open: BareSqlite | undefined;

  constructor({ bytes }: Content, { folder, rng }: BenchRun) {
    this.#path = join(folder, 'bare.db');
    this.#rng = rng;
    this.#block = rng.bytes(Math.min(bytes, limits.contentBlockBytes));
    this.#blocks = Math.ceil(bytes / this.#block.length);
  }

  get contestant(): Contestant {
    return { name: 'SQLite alone', awaits: true, calls: 1, before: () => this.#renew(), run: () => this.#write() };
  }

  #renew(): void {
    this[Symbol.dispose]();
    this.#open = new BareSqlite(this.#path);
  }

  async #write(): Promise<void> {
    const batch = Math.floor(limits.groupCommitBytes / this.#block.length);
    for (let left = this.#blocks; left > 0; left -= batch) {
      this.#open?.put(Array.from({ length: Math.min(left, batch) }, () => ({ digest: this.#rng.bytes(32), bytes: this.#block })));
      await nextTurn();
    }
  }

  [Symbol.dispose](): void {
    this.#open?.[Symbol.dispose]();
    this.#open = undefined;
  }
}

/** One send, before anything else was measured. */
const footprintGroup: Group = {
  ids: ['seal.store.memory'],
  async run(run) {
    const { content, details } = await setUp(run);
    const path = join(run.folder, 'footprint.bin');
    await writeFile(path, content);
    const input = await fileInput(path);
    await using operators = new Operators(run);
    const send = await operators.fresh();
    let peakBytes = process.memoryUsage.rss();
    let readings = 1;
    const onProgress = (bytes: number): void => {
      if (bytes < readings * RSS_EVERY_BYTES) return;
      readings++;
      peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
    };
    await send({ input, onProgress });
    await rm(path);
    const label = `peak memory, send ${formatSize(content.bytes)}`;
    return [sizeRow({ id: 'seal.store.memory', label, bytes: peakBytes, samples: readings, limitBytes: MEMORY_BYTES_MAX, limitOf: 'the bound', details })];
  },
};

const storeGroup: Group = {
  ids: ['seal.store'],
  async run(run) {
    const { crypto, content, request, details, amount } = await setUp(run);
    const path = join(run.folder, 'store.bin');
    await writeFile(path, content);
    const input = await fileInput(path);
    await using operators = new Operators(run);
    using sqliteAlone = new SqliteAlone(content, run);
    let send = await operators.fresh();
    const { signal } = run;
    const [seal, sqlite, subject] = await run.measure([
      { name: 'sealing alone', awaits: true, calls: 1, run: () => sealMessage(crypto, request, input.open(signal), nowhere, { signal }) },
      sqliteAlone.contestant,
      {
        name: 'send',
        awaits: true,
        calls: 1,
        before: async () => {
          send = await operators.fresh();
        },
        run: () => send({ input }),
      },
    ]);
    await rm(path);
    const label = `send ${formatSize(content.bytes)} into the store`;
    return [run.row({ id: 'seal.store', label, unit: 'MB/s', basis: 'wall', subject, limit: slowerOf(seal, sqlite), amount, budget: atLeast(0.7), details })];
  },
};

export const seal: Bench = { name: 'seal', groups: () => [footprintGroup, storeGroup, fileGroup, memoryGroup] };
