/**
 * Seeded damage to the hot database: flips, zeroed stretches, truncations, swapped pages, in the file and in its log. Every read must give
 * the right bytes, nothing, or an error with a code; and after repair everything that cold holds must be back, whatever else was lost must
 * be named. Used by the suite with a few dozen trials, and by acceptance with a thousand.
 */
import { existsSync } from 'node:fs';
import { cp, mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes, type Bytes } from '../../../src/core/base/bytes.ts';
import { isError, OmniplexError } from '../../../src/core/base/errors.ts';
import type { Cid } from '../../../src/core/base/cid.ts';
import { repairStore } from '../../../src/core/storage/repair.ts';
import { createStore, openStore, type Store } from '../../../src/core/storage/store.ts';
import { inboxOf, seeded } from './seeds.ts';
import { SeededChoice } from './random.ts';
import { fetch, send, type StoredMessage } from './messages.ts';

const PAGE = 16_384;
const inboxes = ['ada', 'ben'];

interface Truth {
  /** Closed, so that all is in the database; and as it was while open, the last writes in the log only. */
  readonly templates: readonly string[];
  readonly messages: ReadonlyArray<StoredMessage & { readonly cold: boolean }>;
}

/** A store with messages of every shape, half of them in cold too. */
export async function makeTruth(folder: string): Promise<Truth> {
  const live = join(folder, 'live');
  const templates = ['closed', 'open'].map((name) => join(folder, name));
  await createStore(live);
  const store = await openStore(live);
  const messages: Array<StoredMessage & { cold: boolean }> = [];
  for (const [i, length] of [0, 1, 700, 5_000, 16_384, 40_000, 262_144, 300_000, 600_000, 900, 12_000, 270_000].entries()) {
    const cold = i % 2 === 0;
    messages.push({ ...(await send(store, i, length, { inboxes, durability: cold ? 'cold' : 'hot' })), cold });
  }
  await store.hot.inbox.acknowledge(inboxOf('ada'), (messages[0] as StoredMessage).cid, 1_700_000_000_000);
  await store.hot.setNote('note', seeded('note', 500), undefined);
  await cp(live, templates[1] as string, { recursive: true, filter: (path) => !path.endsWith('-shm') });
  await store.close();
  await cp(live, templates[0] as string, { recursive: true });
  return { templates, messages };
}

export interface TrialResult {
  readonly seed: number;
  readonly strike: string;
  /** What must never be: wrong bytes, or an error without a code. Empty when the trial held. */
  readonly faults: readonly string[];
  readonly outcomes: Readonly<Record<'right' | 'refused' | 'absent', number>>;
  readonly repaired: 'nothing to do' | 'in place' | 'rebuilt';
  readonly lost: number;
}

class Observed {
  readonly faults: string[] = [];
  readonly outcomes = { right: 0, refused: 0, absent: 0 };

  async read(what: string, act: () => Promise<Bytes | undefined>, right: Bytes): Promise<void> {
    try {
      const bytes = await act();
      if (bytes === undefined) this.outcomes.absent++;
      else if (equalBytes(bytes, right)) this.outcomes.right++;
      else this.faults.push(`${what}: wrong bytes`);
    } catch (error) {
      this.coded(what, error);
    }
  }

  coded(what: string, error: unknown): void {
    if (error instanceof OmniplexError && !isError(error, 'E_BUG')) this.outcomes.refused++;
    else this.faults.push(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }

  async attempt(what: string, act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.coded(what, error);
    }
  }
}

export async function corruptionTrial(truth: Truth, folder: string, seed: number): Promise<TrialResult> {
  const path = join(folder, `trial-${seed}`);
  await mkdir(path, { recursive: true });
  const choose = new SeededChoice(seed);
  await cp(truth.templates[choose.below(4) === 0 ? 1 : 0] as string, path, { recursive: true });
  const observed = new Observed();
  try {
    const strike = await damage(path, choose);
    await observed.attempt('reading', () => readAll(path, truth, observed));
    const { repaired, lost } = await repairAll(path, truth, observed);
    return { seed, strike, faults: observed.faults, outcomes: observed.outcomes, repaired, lost };
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

/** Answers what was done, so that a failing seed can be read. */
async function damage(path: string, choose: SeededChoice): Promise<string> {
  const log = join(path, 'hot.db-wal');
  const file = choose.below(2) === 0 && existsSync(log) ? log : join(path, 'hot.db');
  const { size } = await stat(file);
  const handle = await open(file, 'r+');
  const name = file.slice(path.length + 1);
  try {
    switch (choose.below(5)) {
      case 0: {
        const length = choose.below(size);
        await handle.truncate(length);
        return `${name} cut at ${length} of ${size}`;
      }
      case 1: {
        const [from, to] = [choose.below(size / PAGE), choose.below(size / PAGE)];
        const { buffer } = await handle.read(new Uint8Array(PAGE), 0, PAGE, from * PAGE);
        await handle.write(buffer, 0, PAGE, to * PAGE);
        return `${name} page ${from} over page ${to}`;
      }
      case 2: {
        const [at, length] = [choose.below(size), 1 + choose.below(4_000)];
        await handle.write(new Uint8Array(Math.min(length, size - at)), 0, Math.min(length, size - at), at);
        return `${name} zeroed ${length} at ${at}`;
      }
      default: {
        const flips = 1 + choose.below(8);
        // headers of pages are where the tree hangs: half of the flips strike there
        const places = Array.from({ length: flips }, () => (choose.below(2) === 0 ? choose.below(size) : Math.min(size - 1, choose.below(size / PAGE) * PAGE + choose.below(200))));
        for (const at of places) await flip(handle, at, choose.below(8));
        return `${name} flipped at ${places.join(' ')}`;
      }
    }
  } finally {
    await handle.close();
  }
}

async function flip(handle: Awaited<ReturnType<typeof open>>, at: number, bit: number): Promise<void> {
  const { buffer } = await handle.read(new Uint8Array(1), 0, 1, at);
  buffer[0] = (buffer[0] as number) ^ (1 << bit);
  await handle.write(buffer, 0, 1, at);
}

async function readAll(path: string, truth: Truth, observed: Observed): Promise<void> {
  const store = await openStore(path);
  try {
    for (const message of truth.messages) await readMessage(store, message, observed);
    for (const inbox of inboxes) await observed.attempt('list', () => listIsTrue(store, inboxOf(inbox), truth, observed));
    await observed.read('note', () => store.hot.note('note'), seeded('note', 500));
    await observed.attempt('messages', async () => {
      for await (const record of store.hot.messages()) {
        const right = truth.messages.find(({ cid }) => cid.equals(record.cid));
        // a log that was cut gives an earlier state: a message may not be in cold yet, but never be there without having been
        if (right === undefined || right.bytes !== record.bytes || (record.tiers.includes('files') && !right.cold)) observed.faults.push(`record of ${record.cid.toString()} is wrong`);
      }
    });
    await observed.attempt('verify', () => store.verify());
    await observed.attempt('gc', () => store.gc({ dryRun: true }));
  } finally {
    await store.close();
  }
}

async function readMessage(store: Store, { cid, content }: StoredMessage, observed: Observed): Promise<void> {
  await observed.read(`message of ${content.length}`, async () => ((await store.source.get(cid)) === undefined ? undefined : fetch(store, cid)), content);
}

async function listIsTrue(store: Store, inbox: Bytes, truth: Truth, observed: Observed): Promise<void> {
  for (const acknowledged of [false, true]) {
    for (const one of await store.hot.inbox.list(inbox, { limit: 100, acknowledged })) {
      const right = truth.messages.find(({ cid }) => cid.equals(one.cid))?.announcements.find((other) => equalBytes(other.inbox, inbox));
      if (right === undefined || !equalBytes(right.packet, one.packet) || (one.acknowledgedAtMs !== undefined) !== acknowledged) observed.faults.push('an announcement is wrong');
    }
  }
}

/** What an operator does: `store verify --repair`. Afterwards what cold had is whole, and what is not there is named. */
async function repairAll(path: string, truth: Truth, observed: Observed): Promise<Pick<TrialResult, 'repaired' | 'lost'>> {
  const missing = new Set<string>();
  const { rebuilt } = await repairStore(path);
  rebuilt?.notBroughtBack.forEach(({ cid }) => missing.add(cid.toString()));
  const store = await openStore(path);
  try {
    const first = await store.verify({ repair: true });
    first.rebuilt?.notBroughtBack.forEach(({ cid }) => missing.add(cid.toString()));
    const second = await store.verify();
    if (second.bad.some(({ cid, code }) => cid === undefined || code === 'E_STORE_CORRUPT')) observed.faults.push('still broken after repair');
    for (const { cid } of (await store.verifyAcknowledged(0)).lost) missing.add(cid.toString());
    for (const message of truth.messages) await expectBack(store, message, missing, new Set(second.bad.map(({ cid }) => String(cid))), observed);
    return { repaired: rebuilt !== undefined || first.rebuilt !== undefined ? 'rebuilt' : first.repaired > 0 ? 'in place' : 'nothing to do', lost: missing.size };
  } finally {
    await store.close();
  }
}

async function expectBack(store: Store, { cid, content, cold }: Truth['messages'][number], missing: ReadonlySet<string>, bad: ReadonlySet<string>, observed: Observed): Promise<void> {
  let problem: string | undefined;
  try {
    if (!equalBytes(await fetch(store, cid), content)) problem = 'wrong bytes';
  } catch (error) {
    problem = error instanceof OmniplexError ? error.code : error instanceof Error ? error.message : 'failed';
  }
  if (problem === undefined) return;
  const named = missing.has(cid.toString()) || (await blocksOf(store, cid)).some((one) => bad.has(one));
  if (problem === 'wrong bytes' || cold || !named) observed.faults.push(`after repair a ${cold ? 'cold' : 'hot'} message of ${content.length}: ${problem}${named ? '' : ', and nobody said so'}`);
}

/** The names of the message's blocks as far as they can be read. */
async function blocksOf(store: Store, cid: Cid): Promise<readonly string[]> {
  const { closureOf } = await import('../../../src/core/storage/closure.ts');
  const found: string[] = [cid.toString()];
  try {
    for await (const { cids } of closureOf(cid, async (one) => (await store.read(one))?.bytes)) found.push(...cids.map(String));
  } catch {
    // what cannot be walked is named by its manifest
  }
  return found;
}
