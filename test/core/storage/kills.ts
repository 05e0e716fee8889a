/**
 * Seeded SIGKILLs: several processes at work on one store, one of them killed at a chosen moment and replaced, again and again. Afterwards
 * the store verifies clean, what was promised to any of them is there bit for bit, no inbox was told twice, and an --id had one effect.
 * Used by the suite with a few kills, and by acceptance with two hundred.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { equalBytes } from '../../../src/core/base/bytes.ts';
import { parseCid } from '../../../src/core/base/cid.ts';
import { systemClock } from '../../../src/core/base/clock.ts';
import { createStore, openStore } from '../../../src/core/storage/store.ts';
import type { Promised } from './busy.ts';
import { fetch } from './messages.ts';
import { SeededChoice } from './random.ts';
import { blocksOf, inboxOf, seeded } from './seeds.ts';

export interface KillOptions {
  readonly folder: string;
  readonly seed: number;
  readonly kills: number;
  readonly processes: number;
  readonly onKill?: (done: number) => void;
}

export interface KillResult {
  readonly stored: number;
  readonly removed: number;
  /** Must be empty. */
  readonly faults: readonly string[];
}

const HOT_BUDGET = 4_000_000;
/** A child that says nothing for so long hangs. */
const SILENCE_MS = 60_000;

class Crew {
  readonly promised: Promised[] = [];
  readonly #path: string;
  readonly #children: ChildProcess[] = [];
  #heard: () => void = () => undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async hire(seed: number): Promise<void> {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'busy.ts'), this.#path, String(seed), String(HOT_BUDGET)], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr?.on('data', (text: Buffer) => this.#note({ event: 'fault', why: text.toString() }));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => this.#note(parsed(line)));
    this.#children.push(child);
    const before = this.#count('ready');
    await this.until(() => this.#count('ready') > before);
  }

  #note(promise: Promised | undefined): void {
    if (promise !== undefined) this.promised.push(promise);
    this.#heard();
  }

  #count(event: Promised['event']): number {
    return this.promised.filter((one) => one.event === event).length;
  }

  async until(claim: () => boolean): Promise<void> {
    while (!claim()) {
      const silent = AbortSignal.timeout(SILENCE_MS);
      await new Promise<void>((resolve, reject) => {
        this.#heard = resolve;
        silent.addEventListener('abort', () => reject(new Error(`nobody said anything: ${JSON.stringify(this.promised.filter(({ event }) => event === 'fault'))}`)));
      });
    }
  }

  /** SIGKILL, and wait until the process is gone and its last words are read. */
  async kill(index: number): Promise<void> {
    const [child] = this.#children.splice(index, 1);
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  get size(): number {
    return this.#children.length;
  }
}

/** The last line of a killed process may be cut: then nothing was promised. */
function parsed(line: string): Promised | undefined {
  try {
    return JSON.parse(line) as Promised;
  } catch {
    return undefined;
  }
}

export async function killTrial({ folder, seed, kills, processes, onKill }: KillOptions): Promise<KillResult> {
  const path = join(folder, `store-${seed}`);
  await mkdir(folder, { recursive: true });
  await createStore(path);
  await layGarbage(path);
  const choose = new SeededChoice(seed);
  const crew = new Crew(path);
  try {
    for (let i = 0; i < processes; i++) await crew.hire(seed * 1_000 + i);
    for (let i = 0; i < kills; i++) {
      const heard = crew.promised.length + choose.below(8);
      await crew.until(() => crew.promised.length >= heard);
      await systemClock.sleep(choose.below(40));
      await crew.kill(choose.below(crew.size));
      onKill?.(i + 1);
      await crew.hire(seed * 1_000 + processes + i);
    }
  } finally {
    while (crew.size > 0) await crew.kill(0);
  }
  return inspect(path, crew.promised);
}

/** Blocks that nobody needs and that are old enough to go, so that gc has work from the start. */
async function layGarbage(path: string): Promise<void> {
  const clock = { ...systemClock, now: () => systemClock.now() - 10 * 86_400_000 };
  const store = await openStore(path, { clock });
  await store.hot.put(blocksOf(500, 2_000));
  await store.coldTier('files').put(blocksOf(100, 2_000, 1_000));
  await store.close();
}

async function inspect(path: string, promised: readonly Promised[]): Promise<KillResult> {
  const faults = promised.flatMap((one) => (one.event === 'fault' ? [one.why] : []));
  const removed = new Set(promised.flatMap((one) => (one.event === 'removing' ? [one.cid] : [])));
  const stored = promised.filter((one) => one.event === 'stored');
  const store = await openStore(path);
  try {
    const { bad } = await store.verify();
    for (const { cid, tier, code } of bad) faults.push(`verify: ${String(cid)} in ${tier}: ${code}`);
    const { lost, unannounced } = await store.verifyAcknowledged(0);
    for (const { cid, level } of [...lost, ...unannounced]) if (!removed.has(cid.toString())) faults.push(`acknowledged ${level} and not there: ${cid.toString()}`);
    const inboxes = await Promise.all(['ada', 'ben'].map((name) => everyoneIn(store, name)));
    for (const one of stored) {
      if (removed.has(one.cid) || one.length < 0) continue;
      const content = await fetch(store, parseCid(one.cid)).catch((error: unknown) => String(error));
      if (typeof content === 'string' || !equalBytes(content, seeded(one.seed, one.length))) faults.push(`promised and not the same: ${one.cid} (${typeof content === 'string' ? content : 'other bytes'})`);
      if (inboxes.some((cids) => cids.filter((cid) => cid === one.cid).length !== 1)) faults.push(`not once in each inbox: ${one.cid}`);
    }
    for (const [key, group] of Map.groupBy(stored.filter(({ key }) => key !== undefined), ({ key }) => key)) {
      if (new Set(group.map(({ cid }) => cid)).size > 1) faults.push(`${key} had ${group.length} effects`);
    }
    if ((await store.locks.list()).some(({ state }) => state === 'held')) faults.push('a lock is still held');
    await store.gc({ dryRun: true });
    return { stored: stored.length, removed: removed.size, faults };
  } finally {
    await store.close();
  }
}

async function everyoneIn(store: Awaited<ReturnType<typeof openStore>>, name: string): Promise<readonly string[]> {
  const cids: string[] = [];
  for (let after = 0; ; ) {
    const page = await store.hot.inbox.list(inboxOf(name), { after, limit: 1_000 });
    cids.push(...page.map(({ cid }) => cid.toString()));
    if (page.length < 1_000) return cids;
    after = page.at(-1)?.position ?? after;
  }
}
