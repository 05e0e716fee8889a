/** Every size comes back bit for bit, through the built command line, with flat memory: 0 bytes to 10 GiB, stdin, and ten thousand at once. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { correspondents, envelope, type Correspondent } from '../support/correspondents.ts';
import { peakMemory } from '../support/peak-memory.ts';
import { SeededChoice } from '../core/storage/random.ts';
import { SEED } from './seed.ts';

const KIB = 1_024;
const MIB = 1_024 * KIB;
const GIB = 1_024 * MIB;
/** docs/ARCHITECTURE.md, Budgets: memory is flat. */
const PEAK_MAX = 256 * MIB;
const CHUNK = 16 * KIB;
const BLOCK = 16 * CHUNK;
const HOUR_MS = 3_600_000;

/** Seeded content that does not compress, written piece by piece; answers its digest. */
async function makeFile(path: string, bytes: number, seed: number): Promise<string> {
  const choice = new SeededChoice(seed);
  const piece = Buffer.alloc(MIB);
  for (let at = 0; at < MIB; at += 4) piece.writeUInt32LE(choice.below(2 ** 32), at);
  const hash = createHash('sha256');
  const file = await open(path, 'wx');
  for (let left = bytes, n = 0; left > 0; left -= MIB, n++) {
    piece.writeUInt32LE(n, 0);
    const part = piece.subarray(0, Math.min(MIB, left));
    hash.update(part);
    await file.write(part);
  }
  await file.close();
  return hash.digest('hex');
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: MIB })) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** Runs to the end and answers the peak memory beside the result. */
async function measured(one: Correspondent, args: readonly string[]): Promise<{ result: Record<string, unknown>; peak: number }> {
  const { child, done } = one.start([...args, '--json'], { timeoutMs: HOUR_MS });
  const peak = peakMemory(child);
  const ran = await done;
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  return { result: envelope(ran).result, peak: (await peak) ?? 0 };
}

describe('every length around the edges of chunks and blocks', () => {
  it('comes back bit for bit', { timeout: HOUR_MS }, async () => {
    const { alice, bob, folder } = await correspondents();
    const edges = [CHUNK, 2 * CHUNK, BLOCK, 2 * BLOCK].flatMap((edge) => [edge - 1, edge, edge + 1]);
    for (const bytes of [0, 1, 2, 16_383 - 16, ...edges]) {
      for (const pad of ['none', 'padme', 'class']) {
        const path = join(folder, `${bytes}-${pad}`);
        const digest = await makeFile(path, bytes, SEED + bytes);
        const { cid } = await alice.result<{ cid: string }>(['send', path, '--to', 'bob', '--pad', pad]);
        const out = `${path}.got`;
        await bob.result(['fetch', cid, '--out', out]);
        expect(await digestOf(out), `${bytes} bytes, ${pad}`).toBe(digest);
      }
    }
  });

  it('comes back from standard input of unknown length', { timeout: HOUR_MS }, async () => {
    const { alice, bob, folder } = await correspondents();
    const content = Buffer.alloc(3 * BLOCK + 77, 'stdin');
    const { cid } = await alice.result<{ cid: string }>(['send', '-', '--name', 'piped', '--to', 'bob'], { stdin: content });
    const ran = await bob.run(['fetch', cid, '--out', '-']);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdoutBytes.equals(content)).toBe(true);
    expect(await readdir(folder)).not.toContain('piped');
  });
});

describe('large files', () => {
  it.each([['1 GiB', GIB], ['10 GiB', 10 * GIB]])('%s, in less than 256 MiB of memory', { timeout: 2 * HOUR_MS }, async (name, bytes) => {
    const { alice, bob, folder } = await correspondents();
    const path = join(folder, 'large');
    const digest = await makeFile(path, bytes, SEED);
    const sent = await measured(alice, ['send', path, '--to', 'bob']);
    await rm(path);
    const out = join(folder, 'got');
    const fetched = await measured(bob, ['fetch', String(sent.result['cid']), '--out', out]);
    process.stdout.write(`${name}: peak ${Math.round(sent.peak / MIB)} MiB to send, ${Math.round(fetched.peak / MIB)} MiB to fetch\n`);
    expect(await digestOf(out)).toBe(digest);
    expect(sent.peak).toBeLessThan(PEAK_MAX);
    expect(fetched.peak).toBeLessThan(PEAK_MAX);
  });
});

describe('ten thousand small messages', () => {
  it('go by one list and come back, each once', { timeout: HOUR_MS }, async () => {
    const { alice, bob, folder } = await correspondents();
    const count = 10_000;
    const lines = Array.from({ length: count }, (_, i) => JSON.stringify({ text: `message ${i} of seed ${SEED}`, name: `m${i}`, to: ['bob'] }));
    const list = join(folder, 'list.ndjson');
    await writeFile(list, lines.join('\n'));
    const { result, peak } = await measured(alice, ['send', '--batch', list]);
    expect(result).toMatchObject({ total: count, sent: count, failed: 0 });
    const inbox = join(folder, 'in');
    let fetched = 0;
    for (let page = 0; page < count; page++) {
      const answer = await measured(bob, ['inbox', 'fetch', '--out', inbox, '--ack', '--limit', '1000']);
      fetched += Number(answer.result['fetched']);
      if (answer.result['next'] === null) break;
    }
    process.stdout.write(`10,000 messages: peak ${Math.round(peak / MIB)} MiB to send\n`);
    expect(fetched).toBe(count);
    const contents = new Set(await Promise.all((await readdir(inbox)).map((name) => digestOf(join(inbox, name)))));
    expect(contents.size).toBe(count);
    expect(peak).toBeLessThan(PEAK_MAX);
  });
});
