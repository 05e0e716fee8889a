import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tarOf } from '../../../src/core/health/tar.ts';
import { freshFolder } from '../../support/folder.ts';

const AT = Date.UTC(2026, 10, 24, 8, 39, 7, 500);
const members = [0, 1, 511, 512, 513, 5000].map((length) => ({ name: `m-${length}.txt`, bytes: new Uint8Array(length).fill(0x61) }));

describe('a tar file', () => {
  it('is read by tar as it was written', async () => {
    const folder = await freshFolder();
    const path = join(folder, 'x.tar');
    await writeFile(path, tarOf(members, AT));
    const listed = spawnSync('tar', ['--full-time', '--utc', '-tvf', path], { encoding: 'utf8' });
    expect(listed.stderr).toBe('');
    const lines = listed.stdout.trim().split('\n');
    expect(lines).toHaveLength(members.length);
    for (const [at, { name, bytes }] of members.entries()) expect(lines[at]).toMatch(new RegExp(`^-rw------- 0/0 +${bytes.length} 2026-11-24 08:39:07 ${name.replace('.', '\\.')}$`));
    for (const { name, bytes } of members) expect(new Uint8Array(spawnSync('tar', ['-xOf', path, name]).stdout)).toEqual(bytes);
  });

  it('ends with two blank blocks, and is the same for the same members and time', () => {
    const tar = tarOf(members, AT);
    expect(tar.length % 512).toBe(0);
    expect(tar.subarray(-1024).every((byte) => byte === 0)).toBe(true);
    expect(tarOf(members, AT)).toEqual(tar);
  });

  it.each(['', 'a b', 'ü', 'x'.repeat(101)])('takes no name such as %j', (name) => {
    expect(() => tarOf([{ name, bytes: new Uint8Array(0) }], AT)).toThrow('not a name');
  });
});
