/**
 * Locks between the processes of one machine, in a SQLite file of their own, so that a rebuild of the hot tier can be locked too.
 * A lock is a lease on the wall clock, renewed until released; a holder whose process is gone is replaced at once. What makes a late
 * holder harmless is not the lease but the fence: (epoch, counter) only ever grows, and the hot tier refuses older ones.
 * The epoch grows when this file is made anew, since its counter then starts again.
 */
import type { Bytes } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { fail, isError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Rng } from '../../base/rng.ts';
import type { Fence, Lock, LockManager, LockState } from '../ports.ts';
import { createSqlite, SqliteFile, type SqliteShape } from '../sqlite.ts';
import { blobOf, intOf } from '../sqlite-errors.ts';
import { liveness, thisProcess, type HolderProcess } from './holder.ts';

const shape: SqliteShape = {
  tier: 'lock',
  applicationId: 0x4f50_4c4b,
  version: 1,
  schema: [
    'CREATE TABLE state (id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, counter INTEGER NOT NULL)',
    'CREATE TABLE locks (id INTEGER PRIMARY KEY, name TEXT NOT NULL, holder TEXT NOT NULL, epoch INTEGER NOT NULL, counter INTEGER NOT NULL, ' +
      'token BLOB NOT NULL, acquired INTEGER NOT NULL, lease INTEGER NOT NULL, machine TEXT NOT NULL, pid INTEGER NOT NULL, started INTEGER NOT NULL)',
    'CREATE UNIQUE INDEX locks_name ON locks (name)',
  ],
  seed: [],
};

export interface LockSurroundings {
  readonly clock: Clock;
  readonly rng: Rng;
  /** Called with every new fence before the lock is handed out, and when one is broken. */
  readonly raiseFence: (fence: Fence) => Promise<void>;
}

interface Held extends LockState {
  readonly token: Bytes;
  readonly process: HolderProcess;
}

export class EmbeddedLockManager implements LockManager {
  readonly #file: SqliteFile;
  readonly #around: LockSurroundings;
  readonly #process: HolderProcess = thisProcess();
  readonly #renewals = new Set<AbortController>();

  private constructor(file: SqliteFile, around: LockSurroundings) {
    this.#file = file;
    this.#around = around;
  }

  /** `epoch` must be above every epoch that fences of this store ever carried. Throws E_EXISTS, E_DISK_FULL, E_IO. */
  static create(path: string, epoch: number): void {
    createSqlite(path, { ...shape, seed: [`INSERT INTO state (id, epoch, counter) VALUES (1, ${epoch}, 0)`] });
  }

  static async open(path: string, around: LockSurroundings): Promise<EmbeddedLockManager> {
    return new EmbeddedLockManager(await SqliteFile.open(path, shape, around.clock), around);
  }

  async acquire(name: string, options: { readonly holder: string; readonly waitMs: number; readonly signal?: AbortSignal }): Promise<Lock> {
    if (name.length === 0 || name.length > limits.lockNameCharsMax) throw fail('E_USAGE', { why: `a lock's name has 1 to ${limits.lockNameCharsMax} characters` });
    const { clock } = this.#around;
    const start = clock.monotonic();
    for (let pauseMs = 10; ; pauseMs = Math.min(2 * pauseMs, limits.lockPollMsMax)) {
      options.signal?.throwIfAborted();
      const taken = await this.#take(name, options.holder);
      if ('token' in taken) return this.#granted(taken);
      const left = options.waitMs - (clock.monotonic() - start);
      if (left <= 0) throw fail('E_LOCKED', { name, holder: taken.holder, leaseEndsAtMs: taken.leaseEndsAtMs });
      await clock.sleep(Math.min(pauseMs, left), options.signal);
    }
  }

  /** The new holding, or the state of the one that stands in the way. */
  async #take(name: string, who: string): Promise<Held | LockState> {
    // looking needs no write lock: waiters must not slow down the holder
    const there = await this.show(name);
    if (there?.state === 'held') return there;
    return this.#file.transaction(() => {
      const now = this.#around.clock.now();
      const current = this.#find(name);
      if (current?.state === 'held') return publicState(current);
      const held: Held = {
        name,
        holder: `${who} pid ${this.#process.pid}`,
        ...this.#nextFence(),
        state: 'held',
        acquiredAtMs: now,
        leaseEndsAtMs: now + limits.lockLeaseMs,
        token: this.#around.rng.bytes(16),
        process: this.#process,
      };
      this.#file
        .sql('INSERT OR REPLACE INTO locks (name, holder, epoch, counter, token, acquired, lease, machine, pid, started) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
        .run(name, held.holder, held.epoch, held.counter, held.token, now, held.leaseEndsAtMs, this.#process.machine, this.#process.pid, this.#process.startedTicks);
      return held;
    });
  }

  #nextFence(): { epoch: number; counter: number } {
    const row = this.#file.sql('UPDATE state SET counter = counter + 1 WHERE id = 1 RETURNING epoch, counter').get();
    if (row === undefined) throw this.#file.corrupt('its state is missing');
    return { epoch: intOf(this.#file, row['epoch']), counter: intOf(this.#file, row['counter']) };
  }

  async #granted(held: Held): Promise<Lock> {
    try {
      await this.#around.raiseFence(held);
    } catch (error) {
      await this.#release(held);
      throw error;
    }
    const stop = new AbortController();
    const lost = new AbortController();
    const state = { leaseEndsAtMs: held.leaseEndsAtMs };
    const renew = async (): Promise<void> => {
      const until = await this.#renew(held);
      if (until === undefined) {
        const stale = fail('E_FENCE_STALE', { name: held.name });
        lost.abort(stale);
        throw stale;
      }
      state.leaseEndsAtMs = until;
    };
    const release = async (): Promise<void> => {
      if (stop.signal.aborted) return;
      stop.abort();
      this.#renewals.delete(stop);
      await this.#release(held);
    };
    this.#renewals.add(stop);
    void this.#keepRenewing(renew, () => state.leaseEndsAtMs, stop.signal, lost);
    const { token: _token, process: _process, leaseEndsAtMs: _lease, ...rest } = held;
    return {
      ...rest,
      get leaseEndsAtMs() {
        return state.leaseEndsAtMs;
      },
      renew,
      release,
      lost: lost.signal,
      [Symbol.asyncDispose]: release,
    };
  }

  /** Ends when the lock is released or lost. A renewal that could not be written is tried again while the lease lasts. */
  async #keepRenewing(renew: () => Promise<void>, leaseEndsAtMs: () => number, stop: AbortSignal, lost: AbortController): Promise<void> {
    const { clock } = this.#around;
    for (;;) {
      try {
        await clock.sleep(limits.lockLeaseMs / 3, stop);
        await renew();
      } catch (error) {
        if (stop.aborted || lost.signal.aborted) return;
        if (clock.now() >= leaseEndsAtMs()) return lost.abort(isError(error) ? error : this.#file.error(error));
      }
    }
  }

  async #renew(held: Held): Promise<number | undefined> {
    const until = this.#around.clock.now() + limits.lockLeaseMs;
    const changes = await this.#file.transaction(() => this.#file.sql('UPDATE locks SET lease = ? WHERE name = ? AND token = ?').run(until, held.name, held.token).changes);
    return changes === 1 ? until : undefined;
  }

  #release(held: Held): Promise<unknown> {
    return this.#file.transaction(() => this.#file.sql('DELETE FROM locks WHERE name = ? AND token = ?').run(held.name, held.token));
  }

  #find(name: string): Held | undefined {
    const row = this.#file.sql('SELECT * FROM locks WHERE name = ?').get(name);
    return row === undefined ? undefined : this.#held(row);
  }

  #held(row: Readonly<Record<string, unknown>>): Held {
    const int = (column: string): number => intOf(this.#file, row[column]);
    const leaseEndsAtMs = int('lease');
    const process: HolderProcess = { machine: String(row['machine']), pid: int('pid'), startedTicks: int('started') };
    const gone = liveness(process, this.#process) === 'gone';
    return {
      name: String(row['name']),
      holder: String(row['holder']),
      epoch: int('epoch'),
      counter: int('counter'),
      state: gone ? 'orphaned' : leaseEndsAtMs <= this.#around.clock.now() ? 'expired' : 'held',
      acquiredAtMs: int('acquired'),
      leaseEndsAtMs,
      token: blobOf(this.#file, row['token'], 16),
      process,
    };
  }

  async list(): Promise<readonly LockState[]> {
    return this.#file.read(() =>
      this.#file
        .sql('SELECT * FROM locks ORDER BY name')
        .all()
        .map((row) => publicState(this.#held(row))),
    );
  }

  async show(name: string): Promise<LockState | undefined> {
    const held = await this.#file.read(() => this.#find(name));
    return held === undefined ? undefined : publicState(held);
  }

  async break(name: string): Promise<boolean> {
    const fence = await this.#file.transaction(() => {
      const held = this.#find(name);
      if (held === undefined) return undefined;
      this.#file.sql('DELETE FROM locks WHERE name = ? AND token = ?').run(name, held.token);
      return { name, ...this.#nextFence() };
    });
    if (fence === undefined) return false;
    await this.#around.raiseFence(fence);
    return true;
  }

  /** Locks still held are left to their leases: whoever closes without releasing has crashed or means it. */
  async close(): Promise<void> {
    for (const stop of this.#renewals) stop.abort();
    this.#renewals.clear();
    this.#file.close();
  }
}

const publicState = ({ token: _token, process: _process, ...state }: Held): LockState => state;

