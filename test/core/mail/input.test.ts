import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isError } from '../../../src/core/base/errors.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import { digestOfInput, fileInput, InputDigest } from '../../../src/core/mail/input.ts';
import { freshFolder } from '../../support/folder.ts';

const MIB = limits.readAheadBytes;

test.each([0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB + 7])('a file of %i bytes comes whole, piece by piece, twice', async (bytes) => {
  const path = join(await freshFolder(), 'file');
  const content = systemRng.bytes(bytes);
  await writeFile(path, content);
  const input = await fileInput(path);
  expect(input).toMatchObject({ name: 'file', bytes });
  for (let again = 0; again < 2; again++) {
    const pieces: Uint8Array[] = [];
    for await (const piece of input.open()) pieces.push(piece.slice());
    expect(Buffer.compare(Buffer.concat(pieces), content)).toBe(0);
  }
});

test('a piece stays as it is while the next is being read', async () => {
  const path = join(await freshFolder(), 'file');
  await writeFile(path, systemRng.bytes(4 * MIB));
  for await (const piece of (await fileInput(path)).open()) {
    const before = createHash('sha256').update(piece).digest('hex');
    await new Promise((resolve) => setImmediate(resolve));
    await digestOfInput(await fileInput(path));
    expect(createHash('sha256').update(piece).digest('hex')).toBe(before);
  }
});

test('the digest on the way is that of the content', async () => {
  const path = join(await freshFolder(), 'file');
  const content = systemRng.bytes(2 * MIB + 5);
  await writeFile(path, content);
  const digest = new InputDigest();
  for await (const _ of digest.through((await fileInput(path)).open()));
  expect(Buffer.from(digest.finish().sha256)).toEqual(createHash('sha256').update(content).digest());
});

test('a folder, a missing file and an aborted read are told apart', async () => {
  const folder = await freshFolder();
  const codeOf = (promise: Promise<unknown>) => promise.then(() => 'none', (error: unknown) => (isError(error) ? error.code : String(error)));
  expect(await codeOf(fileInput(folder))).toBe('E_USAGE');
  expect(await codeOf(fileInput(join(folder, 'none')))).toBe('E_NOT_FOUND');
  await writeFile(join(folder, 'file'), systemRng.bytes(3 * MIB));
  const reason = new Error('stopped');
  const reading = digestOfInput(await fileInput(join(folder, 'file')), AbortSignal.abort(reason));
  await expect(reading).rejects.toBe(reason);
});

test('a pipe by its name is read whole: looking at it beforehand takes nothing away', async () => {
  const path = join(await freshFolder(), 'pipe');
  execFileSync('mkfifo', [path]);
  const input = await fileInput(path);
  expect(input).toEqual({ name: 'pipe', open: expect.any(Function) as unknown });
  const [{ bytes }] = await Promise.all([digestOfInput(input), writeFile(path, systemRng.bytes(100_000))]);
  expect(bytes).toBe(100_000);
});
