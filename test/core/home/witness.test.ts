import { copyFile, cp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../../src/core/base/bytes.ts';
import { openHome, type Home } from '../../../src/core/home/index.ts';
import { mayBeCopied, requireNotOvertaken, witness } from '../../../src/core/home/witness.ts';
import { Ring } from '../../../src/core/keys/index.ts';
import type { HotTier } from '../../../src/core/storage/ports.ts';
import { flips } from '../../support/damage.ts';
import { freshHome, freshRing, secretOf, testCrypto } from '../../support/home.ts';
import { operatorOf } from '../../support/people.ts';

const refused = (code: string) => expect.objectContaining({ code });

/** The notes of a store, as the port says. */
class Notes implements Pick<HotTier, 'note' | 'setNote'> {
  readonly notes = new Map<string, Bytes>();

  async note(name: string): Promise<Bytes | undefined> {
    return this.notes.get(name);
  }

  async setNote(name: string, value: Bytes | undefined, expected: Bytes | undefined): Promise<boolean> {
    const here = this.notes.get(name);
    if (Buffer.compare(here ?? Buffer.alloc(0), expected ?? Buffer.alloc(0)) !== 0 || (here === undefined) !== (expected === undefined)) return false;
    if (value === undefined) this.notes.delete(name);
    else this.notes.set(name, value);
    return true;
  }
}

async function someone(sendOnly = false) {
  const home = await freshHome();
  const me = await operatorOf(home, await freshRing(home, 'pass'));
  await me.identities.create('ada', { sendOnly });
  return { home, me, store: new Notes() };
}

/** The home's files as they are now, to be put back later. */
async function snapshot(home: Home): Promise<string> {
  const path = join(dirname(home.path), `snapshot-${home.generation}`);
  home.close();
  await cp(home.path, path, { recursive: true });
  return path;
}

async function reopened(home: Home) {
  const again = await openHome(home.path, home);
  return { home: again, me: await operatorOf(again, await Ring.open(again, secretOf('pass'), { crypto: await testCrypto() })) };
}

describe('the witness', () => {
  it('grows with the home and tells the store nothing', async () => {
    const { home, me, store } = await someone();
    await witness(home, store);
    await witness(home, store);
    const [[name, first]] = [...store.notes] as [[string, Bytes]];
    expect(name).toMatch(/^witness\/[0-9a-f]{64}$/);
    expect(name).not.toContain(home.id);
    await me.identities.rotate('ada');
    await witness(home, store);
    expect(store.notes.size).toBe(1);
    expect(store.notes.get(name)).not.toEqual(first);
  });

  it('finds a home that was rolled back in place', async () => {
    const { home, store } = await someone();
    const old = await snapshot(home);
    const ahead = await reopened(home);
    await ahead.me.identities.rotate('ada');
    await witness(ahead.home, store);
    ahead.home.close();
    for (const file of ['home.db', 'keyring.opk']) await copyFile(join(old, file), join(home.path, file));
    await rm(join(home.path, 'home.db-wal'), { force: true });
    const back = await reopened(home);
    await expect(witness(back.home, store)).rejects.toEqual(refused('E_HOME_COPIED'));
    // Another store has never seen it and cannot tell.
    await witness(back.home, new Notes());
    back.home.close();
  });

  it('finds a copy by its place, before any store is asked', async () => {
    const { home, store } = await someone();
    await witness(home, store);
    const path = await snapshot(home);
    using copy = await openHome(path, home);
    await expect(witness(copy, new Notes())).rejects.toEqual(refused('E_HOME_COPIED'));
  });

  it('finds a second instance at the same place by its note', async () => {
    const { home, store } = await someone();
    await witness(home, store);
    home.settings.set('home/instance', { ...home.instance, instance: new Uint8Array(16).fill(9) });
    await expect(witness(home, store)).rejects.toEqual(refused('E_HOME_COPIED'));
    home.settings.set('home/generation', home.generation + 1);
    await witness(home, store);
  });

  it('does not believe a note that the store changed', async () => {
    const { home, store } = await someone();
    await witness(home, store);
    const [[name, note]] = [...store.notes] as [[string, Bytes]];
    await requireNotOvertaken(home, store);
    for (const { bytes } of flips(note)) {
      store.notes.set(name, bytes);
      for (const look of [requireNotOvertaken, witness]) await expect(look(home, store)).rejects.toEqual(refused('E_MAC'));
    }
    for (const length of [0, 1, 16, 24, 39]) {
      store.notes.set(name, note.subarray(0, length));
      await expect(witness(home, store)).rejects.toEqual(refused('E_MAC'));
    }
  });

  it('leaves homes alone whose identities only send, and homes without any', async () => {
    const { home, store } = await someone(true);
    expect(mayBeCopied(home)).toBe(true);
    await witness(home, store);
    const path = await snapshot(home);
    using copy = await openHome(path, home);
    await witness(copy, store);
    await requireNotOvertaken(copy, store);
    expect(store.notes.size).toBe(0);
    expect(mayBeCopied(await freshHome())).toBe(true);
  });

  it('gives way to a store that keeps changing, with a code', async () => {
    const { home } = await someone();
    const restless = { note: async () => undefined, setNote: async () => false };
    await expect(witness(home, restless)).rejects.toEqual(refused('E_BUSY'));
  });
});
