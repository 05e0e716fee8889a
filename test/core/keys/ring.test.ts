import { chmod, copyFile, cp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOf, concat, type Bytes } from '../../../src/core/base/bytes.ts';
import { sha256 } from '../../../src/core/base/cid.ts';
import { systemClock } from '../../../src/core/base/clock.ts';
import { decode, encode, type Value } from '../../../src/core/base/codec.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import { openHome, type Home } from '../../../src/core/home/index.ts';
import { Ring } from '../../../src/core/keys/index.ts';
import { decodeKeyring } from '../../../src/core/keys/keyring-file.ts';
import { cuts, flips, letThrough } from '../../support/damage.ts';
import { cheapKdf, freshHome, freshRing, secretOf, testCrypto } from '../../support/home.ts';

const refused = (code: string) => expect.objectContaining({ code });
const open = async (home: Home, passphrase: string) => Ring.open(home, secretOf(passphrase), { crypto: await testCrypto() });
const again = (home: Home) => openHome(home.path, { clock: systemClock, rng: systemRng });
const value = (i: number): Bytes => new Uint8Array(32).fill(i);

describe('a key ring', () => {
  it('keeps secrets under names, in a file for its owner alone', async () => {
    const home = await freshHome();
    const ring = await freshRing(home, 'pass');
    await ring.sealSecret('a/seed', value(1));
    await ring.change((draft) => {
      draft.put('b/seed', value(2));
      draft.remove('a/none');
    });
    expect((await stat(home.keyringPath)).mode & 0o777).toBe(0o600);
    const opened = await open(home, 'pass');
    expect(opened.openSecret('a/seed').expose()).toEqual(value(1));
    expect(opened.names()).toEqual(['a/seed', 'b/seed', 'ring/rows']);
    expect(opened.names('b/')).toEqual(['b/seed']);
    expect(() => opened.openSecret('c')).toThrow(refused('E_KEYRING'));
    expect((await readdir(home.path)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('is absent, there already, or too open for others', async () => {
    const home = await freshHome();
    await expect(open(home, 'pass')).rejects.toEqual(refused('E_NO_KEYRING'));
    await freshRing(home, 'pass');
    await expect(freshRing(home, 'pass')).rejects.toEqual(refused('E_EXISTS'));
    await chmod(home.keyringPath, 0o640);
    await expect(open(home, 'pass')).rejects.toEqual(refused('E_MODE'));
  });

  it.each(['', 'wrong', 'Pass', 'pass ', 'pass\n', 'x'.repeat(5000)])('does not open with %j', async (typed) => {
    const home = await freshHome();
    await freshRing(home, 'pass');
    await expect(open(home, typed)).rejects.toEqual(refused(typed === '' || typed.length > 4096 ? 'E_USAGE' : 'E_PASSPHRASE'));
  });

  it('tells damage from a wrong passphrase: any bit flipped, any length cut is E_KEYRING before a passphrase is tried', async () => {
    const home = await freshHome();
    const ring = await freshRing(home);
    await ring.sealSecret('a', value(1));
    const file = await readFile(home.keyringPath);
    const codes = new Set<string>();
    const read = (bytes: Bytes) => {
      try {
        return decodeKeyring('ring', bytes);
      } catch (error) {
        codes.add((error as { code: string }).code);
        throw error;
      }
    };
    expect(await letThrough(flips(file), read)).toEqual([]);
    expect(await letThrough(cuts(file), read)).toEqual([]);
    expect([...codes]).toEqual(['E_KEYRING']);
  });

  describe('with a checksum that someone made to fit', () => {
    type Fields = { v: number; kdf: Record<string, Value>; wrap: Record<string, Value>; body: Record<string, Value> } & Record<string, Value>;
    const forged = async (home: Home, edit: (fields: Fields) => void) => {
      const file = await readFile(home.keyringPath);
      const fields = structuredClone(decode('key ring', file.subarray(0, -32))) as unknown as Fields;
      edit(fields);
      const map = encode(fields);
      await writeFile(home.keyringPath, concat(map, sha256(map)));
    };
    const bit = (bytes: Value) => ((bytes as Bytes)[3] = ((bytes as Bytes)[3] as number) ^ 1);

    it.each<[string, string, (fields: Fields) => void]>([
      ['a newer version', 'E_VERSION_NEWER', (fields) => (fields.v = 2)],
      ['an unknown field', 'E_KEYRING', (fields) => (fields['hint'] = 'x')],
      ['another derivation', 'E_KEYRING', (fields) => (fields.kdf['name'] = 'scrypt')],
      ['2 GiB of memory', 'E_KEYRING', (fields) => (fields.kdf['memory'] = 2 * 1_048_576)],
      ['no memory', 'E_KEYRING', (fields) => (fields.kdf['memory'] = 7)],
      ['a thousand passes', 'E_KEYRING', (fields) => (fields.kdf['passes'] = 1000)],
      ['no pass', 'E_KEYRING', (fields) => (fields.kdf['passes'] = 0)],
      ['a hundred lanes', 'E_KEYRING', (fields) => (fields.kdf['lanes'] = 100)],
      ['a short salt', 'E_KEYRING', (fields) => (fields.kdf['salt'] = value(1).subarray(1))],
      ['a short wrapped key', 'E_KEYRING', (fields) => (fields.wrap['sealed'] = value(1))],
      ['another salt', 'E_PASSPHRASE', (fields) => bit(fields.kdf['salt'] as Value)],
      ['cheaper passes', 'E_PASSPHRASE', (fields) => (fields.kdf['passes'] = 2)],
      ['another wrapped key', 'E_PASSPHRASE', (fields) => bit(fields.wrap['sealed'] as Value)],
      ['another nonce of the body', 'E_KEYRING', (fields) => bit(fields.body['nonce'] as Value)],
      ['another body', 'E_KEYRING', (fields) => bit(fields.body['sealed'] as Value)],
      ['an empty body', 'E_KEYRING', (fields) => (fields.body['sealed'] = new Uint8Array(0))],
    ])('%s is refused', async (_, code, edit) => {
      const home = await freshHome();
      await freshRing(home, 'pass');
      await forged(home, edit);
      await expect(open(home, 'pass')).rejects.toEqual(refused(code));
    });

    it('the body of another ring is refused under the header of this one', async () => {
      const [home, other] = [await freshHome(), await freshHome()];
      await freshRing(home, 'pass');
      await freshRing(other, 'pass');
      const body = (decode('key ring', (await readFile(other.keyringPath)).subarray(0, -32)) as unknown as Fields).body;
      await forged(home, (fields) => (fields.body = body));
      await expect(open(home, 'pass')).rejects.toEqual(refused('E_KEYRING'));
    });
  });

  it('changes its passphrase: the old one opens nothing, the old file opens nothing new', async () => {
    const home = await freshHome();
    const ring = await freshRing(home, 'old');
    await ring.sealSecret('a', value(1));
    const oldFile = await readFile(home.keyringPath);
    const bystander = await open(home, 'old');
    await ring.changePassphrase(secretOf('new'), cheapKdf);
    await ring.sealSecret('b', value(2));
    await expect(open(home, 'old')).rejects.toEqual(refused('E_PASSPHRASE'));
    expect((await open(home, 'new')).names()).toEqual(['a', 'b', 'ring/rows']);
    // Another process that had it open must open it again; what it has in memory stays readable.
    expect(bystander.openSecret('a').expose()).toEqual(value(1));
    await expect(bystander.sealSecret('c', value(3))).rejects.toEqual(refused('E_BUSY'));
    const newFile = await readFile(home.keyringPath);
    await writeFile(home.keyringPath, oldFile);
    await expect(open(home, 'old')).rejects.toEqual(refused('E_HOME_COPIED'));
    await writeFile(home.keyringPath, newFile);
    expect((await open(home, 'new')).names()).toHaveLength(3);
  });

  it('of two processes that change it at once loses nothing', async () => {
    const home = await freshHome();
    const one = await freshRing(home, 'pass');
    using second = await again(home);
    const other = await open(second, 'pass');
    await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? one : other).sealSecret(`s/${i}`, value(i))));
    const ring = await open(home, 'pass');
    expect(ring.names('s/')).toHaveLength(20);
    await one.refresh();
    expect(one.names('s/')).toHaveLength(20);
  });

  it('stays as it was when a change throws, and keeps file and database in step', async () => {
    const home = await freshHome();
    const ring = await freshRing(home, 'pass');
    const before = await readFile(home.keyringPath);
    const generation = home.generation;
    await expect(
      ring.change((draft) => {
        draft.put('a', value(1));
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await readFile(home.keyringPath)).toEqual(before);
    expect([ring.has('a'), home.generation]).toEqual([false, generation]);
    await ring.sealSecret('a', value(1));
    expect(home.generation).toBe(generation + 1);
  });

  it('notices that its file or its database was put back', async () => {
    const home = await freshHome();
    const ring = await freshRing(home, 'pass');
    const old = await readFile(home.keyringPath);
    await ring.sealSecret('a', value(1));
    await ring.sealSecret('b', value(2));
    await writeFile(home.keyringPath, old);
    await expect(open(home, 'pass')).rejects.toEqual(refused('E_HOME_COPIED'));
    await expect(ring.sealSecret('c', value(3))).rejects.toEqual(refused('E_HOME_COPIED'));
  });

  it('notices that its database was put back', async () => {
    const home = await freshHome();
    const ring = await freshRing(home, 'pass');
    home.close();
    await copyFile(join(home.path, 'home.db'), join(home.path, 'old.db'));
    using first = await again(home);
    const opened = await open(first, 'pass');
    await opened.sealSecret('a', value(1));
    await opened.sealSecret('b', value(2));
    first.close();
    await copyFile(join(home.path, 'old.db'), join(home.path, 'home.db'));
    using second = await again(home);
    await expect(open(second, 'pass')).rejects.toEqual(refused('E_HOME_COPIED'));
    ring.lock();
  });

  it('takes a file that is one change ahead: that is what a crash leaves', async () => {
    const home = await freshHome();
    const ring = await freshRing(home, 'pass');
    const ahead = await freshHome();
    await cp(home.path, ahead.path, { recursive: true, force: true });
    await ring.sealSecret('a', value(1));
    await copyFile(home.keyringPath, ahead.keyringPath);
    using opened = await again({ path: ahead.path } as Home);
    const generation = opened.generation;
    expect((await open(opened, 'pass')).has('a')).toBe(true);
    expect(opened.generation).toBe(generation + 1);
  });

  it('seals rows of the home for one context each', async () => {
    const home = await freshHome();
    const ring = await freshRing(home, 'pass');
    const sealed = ring.sealRow('message x', value(7));
    await ring.changePassphrase(secretOf('new'), cheapKdf);
    const opened = await open(home, 'new');
    expect(opened.openRow('message x', sealed).expose()).toEqual(value(7));
    expect(() => opened.openRow('message y', sealed)).toThrow(refused('E_MAC'));
    expect(await letThrough(flips(sealed), (bytes) => opened.openRow('message x', bytes))).toEqual([]);
    expect(await letThrough(cuts(sealed), (bytes) => opened.openRow('message x', bytes))).toEqual([]);
  });

  it('shows nothing of itself, and nothing at all once locked', async () => {
    const home = await freshHome();
    const ring = await freshRing(home, 'canary-passphrase');
    await ring.sealSecret('canary', bytesOf('canary-secret'));
    for (const text of [inspect(ring, { depth: 9, showHidden: true }), JSON.stringify(ring)]) expect(text).not.toMatch(/canary/);
    expect((await readFile(home.keyringPath)).includes('canary')).toBe(false);
    ring.lock();
    ring.lock();
    for (const use of [() => ring.has('canary'), () => ring.openSecret('canary'), () => ring.names()]) expect(use).toThrow('locked');
    await expect(ring.sealSecret('x', value(1))).rejects.toThrow('locked');
  });

  it('refuses to grow past its bound', async () => {
    const home = await freshHome();
    const ring = await freshRing(home, 'pass');
    await expect(ring.sealSecret('huge', new Uint8Array(1024 * 1024))).rejects.toEqual(refused('E_TOO_MANY'));
    await writeFile(home.keyringPath, new Uint8Array(2 * 1024 * 1024), { mode: 0o600 });
    await expect(open(home, 'pass')).rejects.toEqual(refused('E_KEYRING'));
  });
});
