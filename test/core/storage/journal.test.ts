/** The journal in files: the compliance suite, torn tails and flipped bits. */
import { execFileSync } from 'node:child_process';
import { appendFile, chmod, mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeEntry } from '../../../src/core/storage/journal-record.ts';
import { FileJournal } from '../../../src/core/storage/journal.ts';
import type { Acknowledgement } from '../../../src/core/storage/ports.ts';
import { systemClock } from '../../../src/core/base/clock.ts';
import { freshFolder } from '../../support/folder.ts';
import { all, rejectsWith } from './blocks.ts';
import { acknowledgementOf, journalCompliance } from './compliance/journal.ts';

async function makeJournal() {
  const folder = join(await freshFolder(), 'journal');
  const open = async () => {
    const journal = await FileJournal.open(folder, systemClock);
    onTestFinished(() => journal.close());
    return journal;
  };
  return { folder, open, journal: await open() };
}

journalCompliance('file journal', makeJournal);

const logs = async (folder: string) => (await readdir(folder)).filter((name) => name.endsWith('.log')).sort();

/** Reads on until the journal ends or complains. */
async function read(journal: FileJournal): Promise<{ found: Acknowledgement[]; code: string | undefined }> {
  const found: Acknowledgement[] = [];
  try {
    for await (const one of journal.since(0)) found.push(one);
    return { found, code: undefined };
  } catch (error) {
    return { found, code: (error as { code: string }).code };
  }
}

describe('file journal', () => {
  it('leaves out a torn last record, wherever it is torn, and cuts it off before the next', async () => {
    const { folder, journal, open } = await makeJournal();
    await journal.append([0, 1, 2].map((seed) => acknowledgementOf(seed)));
    const path = join(folder, (await logs(folder))[0] as string);
    const whole = await readFile(path);
    await journal.append([acknowledgementOf(3)]);
    const four = await readFile(path);
    for (let length = whole.length; length < four.length; length++) {
      await writeFile(path, four.subarray(0, length));
      const fresh = await open();
      expect((await all(fresh.since(0))).length, `cut at ${length}`).toBe(3);
      if (length % 20 !== 0) continue;
      await fresh.append([acknowledgementOf(9)]);
      expect((await all(fresh.since(0))).map(({ bytes }) => bytes)).toEqual([1_000, 1_001, 1_002, 1_009]);
    }
    expect(await logs(folder)).toHaveLength(1);
  });

  it('takes a tail of zeros for a torn one: a power cut may leave it', async () => {
    const { folder, journal, open } = await makeJournal();
    await journal.append([acknowledgementOf(0)]);
    const path = join(folder, (await logs(folder))[0] as string);
    await appendFile(path, new Uint8Array(300));
    const fresh = await open();
    expect((await all(fresh.since(0))).length).toBe(1);
    await fresh.append([acknowledgementOf(1)]);
    expect((await all(fresh.since(0))).length).toBe(2);
  });

  it('finds every flipped bit, and gives what stands before it', async () => {
    const { folder, journal, open } = await makeJournal();
    await journal.append([0, 1, 2].map((seed) => acknowledgementOf(seed)));
    const path = join(folder, (await logs(folder))[0] as string);
    const good = await readFile(path);
    const ends = [0, 1, 2].map((seed) => encodeEntry({ kind: 'acknowledged', acknowledgement: acknowledgementOf(seed) }).length).map((_, i, sizes) => sizes.slice(0, i + 1).reduce((a, b) => a + b));
    const fresh = await open();
    for (let bit = 0; bit < good.length * 8; bit += 5) {
      const bad = Buffer.from(good);
      bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
      await writeFile(path, bad);
      const { found, code } = await read(fresh);
      expect(code, `bit ${bit}`).toBe('E_STORE_CORRUPT');
      expect(found).toEqual([0, 1, 2].slice(0, ends.filter((end) => end <= bit >> 3).length).map((seed) => acknowledgementOf(seed)));
    }
  });

  it('writes to a new file beside a damaged one, and still reports the damage', async () => {
    const { folder, journal, open } = await makeJournal();
    await journal.append([0, 1, 2].map((seed) => acknowledgementOf(seed)));
    const path = join(folder, (await logs(folder))[0] as string);
    const bad = await readFile(path);
    // the last record, so that the tail needs a second look
    bad[bad.length - 30] = (bad[bad.length - 30] as number) ^ 1;
    await writeFile(path, bad);
    const fresh = await open();
    await fresh.append([acknowledgementOf(7)]);
    expect(await logs(folder)).toEqual(['2026-11.000.log', '2026-11.001.log']);
    expect(Buffer.compare(await readFile(path), bad)).toBe(0);
    const { found, code } = await read(fresh);
    expect(code).toBe('E_STORE_CORRUPT');
    expect(found.map(({ bytes }) => bytes)).toEqual([1_000, 1_001, 1_007]);
  });

  it('goes on beside what is no file, says what it is, and moves it aside when it is mended', async () => {
    const puts: ReadonlyArray<(path: string) => unknown> = [(path) => mkdir(path), (path) => symlink('nowhere', path), (path) => execFileSync('mkfifo', [path])];
    for (const put of puts) {
      const { folder, journal, open } = await makeJournal();
      await journal.append([acknowledgementOf(0)]);
      const path = join(folder, (await logs(folder))[0] as string);
      await rm(path);
      await put(path);
      const fresh = await open();
      await fresh.append([acknowledgementOf(1)]);
      await (await open()).append([acknowledgementOf(2)]);
      expect(await logs(folder)).toEqual(['2026-11.000.log', '2026-11.001.log']);
      const { found, code } = await read(fresh);
      expect(code).toBe('E_STORE_CORRUPT');
      expect(found.map(({ bytes }) => bytes)).toEqual([1_001, 1_002]);
      expect(await fresh.mend('x')).toEqual([{ kept: `${path}.broken-x`, records: 0 }]);
      expect(await fresh.mend('y')).toEqual([]);
      await fresh.append([acknowledgementOf(3)]);
      expect((await all(fresh.since(0))).map(({ bytes }) => bytes)).toEqual([1_001, 1_002, 1_003]);
    }
  });

  it('says that its folder is none', async () => {
    const { folder, journal } = await makeJournal();
    await journal.append([acknowledgementOf(0)]);
    await rm(folder, { recursive: true });
    await writeFile(folder, '');
    await expect(FileJournal.open(folder, systemClock)).rejects.toMatchObject({ code: 'E_EXISTS', details: { path: folder } });
    await rejectsWith(all(journal.since(0)), 'E_IO');
  });

  it.skipIf(process.getuid?.() === 0)('says that its folder may not be read', async () => {
    const { folder, journal } = await makeJournal();
    await chmod(folder, 0);
    await rejectsWith(all(journal.since(0)), 'E_IO');
    await chmod(folder, 0o700);
  });

  it('refuses records of a newer version', async () => {
    const { folder, journal } = await makeJournal();
    await journal.append([acknowledgementOf(0)]);
    const frame = Buffer.from(encodeEntry({ kind: 'acknowledged', acknowledgement: acknowledgementOf(1) }));
    // v is the only 1 behind the key "v" (0x61 0x76)
    const at = frame.indexOf(Buffer.from([0x61, 0x76, 0x01]));
    frame[at + 2] = 2;
    const payload = frame.subarray(12, frame.length - 4);
    frame.writeUInt32BE((await import('node:zlib')).crc32(payload), 8);
    await appendFile(join(folder, (await logs(folder))[0] as string), frame);
    await rejectsWith(all(journal.since(0)), 'E_VERSION_NEWER');
  });

  it('reads on after others cut and appended', async () => {
    const { folder, journal, open } = await makeJournal();
    await journal.append([acknowledgementOf(0)]);
    const path = join(folder, (await logs(folder))[0] as string);
    const { length } = await readFile(path);
    const other = await open();
    await other.append([acknowledgementOf(1)]);
    await truncate(path, length + 5);
    await journal.append([acknowledgementOf(2)]);
    expect((await all(journal.since(0))).map(({ bytes }) => bytes)).toEqual([1_000, 1_002]);
  });
});
