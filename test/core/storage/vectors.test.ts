/** The golden vectors of a store: made again they are the same, and what they refuse is refused. */
import { mkdir, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOfHex, hexOf } from '../../../src/core/base/bytes.ts';
import { parseCid } from '../../../src/core/base/cid.ts';
import { systemClock } from '../../../src/core/base/clock.ts';
import { isError } from '../../../src/core/base/errors.ts';
import { openOperationResult, operationContent, operationKey } from '../../../src/core/mail/operation.ts';
import { decodeIndex, encodeIndex } from '../../../src/core/storage/car-index.ts';
import { decodeAnnouncements } from '../../../src/core/storage/cold/announcements.ts';
import { shelfOf } from '../../../src/core/storage/cold/sharding.ts';
import { FileJournal } from '../../../src/core/storage/journal.ts';
import { encodePayload } from '../../../src/core/storage/journal-record.ts';
import { freshFolder } from '../../support/folder.ts';
import { providers } from '../crypto/support.ts';
import { fileText, vectorFiles } from './vectors.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'vectors', 'store');
const load = (name: string) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as never;
const refused = (code: string) => expect.objectContaining({ code });

it('the files are what their generator makes', async () => {
  for (const [name, content] of Object.entries(await vectorFiles())) expect(readFileSync(join(FOLDER, name), 'utf8') === fileText(content), name).toBe(true);
});

describe('a journal', () => {
  const { name, payloads, files }: { name: string; payloads: readonly string[]; files: ReadonlyArray<{ name: string; records: number; damaged: boolean; file: string }> } = load('journal.json');

  it.each(files)('$name', async ({ records, damaged, file }) => {
    const folder = join(await freshFolder(), 'journal');
    await mkdir(folder, { mode: 0o700 });
    await writeFile(join(folder, name), bytesOfHex(file), { mode: 0o600 });
    const journal = await FileJournal.open(folder, systemClock);
    const found: string[] = [];
    let code: string | undefined;
    try {
      for await (const entry of journal.entries(0)) found.push(hexOf(encodePayload(entry)));
    } catch (error) {
      if (!isError(error)) throw error;
      code = error.code;
    }
    await journal.close();
    expect(found).toEqual(payloads.slice(0, records));
    expect(code).toBe(damaged ? 'E_STORE_CORRUPT' : undefined);
  });
});

describe('the cold tier', () => {
  const cold: {
    names: ReadonlyArray<{ cid: string; path: string }>;
    announcements: { cid: string; packets: readonly string[]; file: string; none: string };
    refused: ReadonlyArray<{ about: string; code: string; file: string }>;
  } = load('cold.json');
  const read = (file: string) => decodeAnnouncements(parseCid(cold.announcements.cid), bytesOfHex(file), 'vector').map(hexOf);

  it('names files by the digest alone', () => {
    for (const { cid, path } of cold.names) expect(`${shelfOf(parseCid(cid)).shard}/${shelfOf(parseCid(cid)).file}`).toBe(path);
    expect(new Set(cold.names.map(({ path }) => path)).size).toBe(1);
  });

  it('has announcements in a file', () => {
    expect(read(cold.announcements.file)).toEqual(cold.announcements.packets);
    expect(read(cold.announcements.none)).toEqual([]);
  });

  it.each(cold.refused)('refuses: $about', ({ file, code }) => {
    expect(() => read(file)).toThrow(refused(code));
  });
});

describe('the index of a CAR', () => {
  const { index, cid, refused: wrong }: { index: string; cid: string; refused: ReadonlyArray<{ about: string; code: string; index: string }> } = load('car-index.json');

  it('is read, and written the same', () => {
    const again = encodeIndex(decodeIndex(bytesOfHex(index))!);
    expect([hexOf(again.bytes), again.cid.toString()]).toEqual([index, cid]);
  });

  it.each(wrong)('is refused: $about', ({ index: bytes, code }) => {
    expect(() => decodeIndex(bytesOfHex(bytes))).toThrow(refused(code));
  });
});

describe.each(providers)('an operation under $name', (provider) => {
  const vector: {
    outboxSecret: string; id: string; key: string;
    content: { sha256: string; bytes: number; recipients: readonly string[]; expires: string; receipt: string; hash: string };
    result: { bytes: number; blocks: number; expires: number; forwardSecret: boolean; recipients: ReadonlyArray<{ identity: string; inbox: string }>; sealed: string };
    refused: ReadonlyArray<{ about: string; code: string; key: string; result: string }>;
  } = load('operation.json');
  const secret = bytesOfHex(vector.outboxSecret);

  it('is known by two hashes, and says its result to the sender', () => {
    expect(hexOf(operationKey(provider, secret, vector.id))).toBe(vector.key);
    const { hash, sha256, recipients, ...content } = vector.content;
    for (const order of [recipients, recipients.toReversed()]) expect(hexOf(operationContent(provider, secret, { ...content, sha256: bytesOfHex(sha256), recipients: order.map(parseCid) }))).toBe(hash);
    const opened = openOperationResult(provider, secret, bytesOfHex(vector.key), bytesOfHex(vector.result.sealed));
    const { expires, sealed: _, ...result } = vector.result;
    expect({ ...opened, recipients: opened.recipients.map(({ identity, inbox }) => ({ identity: identity.toString(), inbox: hexOf(inbox) })) }).toEqual({ ...result, expiresAtMs: expires });
  });

  it.each(vector.refused)('is refused: $about', ({ key, result, code }) => {
    expect(() => openOperationResult(provider, secret, bytesOfHex(key), bytesOfHex(result))).toThrow(refused(code));
  });
});
