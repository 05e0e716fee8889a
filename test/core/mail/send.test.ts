import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOf, equalBytes, type Bytes } from '../../../src/core/base/bytes.ts';
import { parseCid } from '../../../src/core/base/cid.ts';
import { rfc3339 } from '../../../src/core/base/clock.ts';
import { fail } from '../../../src/core/base/errors.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import { readIntroductions } from '../../../src/core/identity/index.ts';
import { bytesInput, fileInput, streamInput } from '../../../src/core/mail/input.ts';
import type { SendRequest } from '../../../src/core/mail/send-types.ts';
import { openManifest, Passphrase, readContent } from '../../../src/core/message/index.ts';
import { clockAt, secretOf } from '../../support/home.ts';
import { freshWorld, introduce, type Operator, type World } from '../../support/mail.ts';
import { all, read, told } from '../../support/reader.ts';

const refused = (code: string) => expect.objectContaining({ code });
const DAY = 86_400_000;

/** Bob, who knows alice, and alice, who knows bob. */
async function pair(options: Parameters<World['operator']>[1] = {}): Promise<{ world: World; alice: Operator; bob: Operator }> {
  const world = await freshWorld();
  const [alice, bob] = [await world.operator('alice', options), await world.operator('bob', options)];
  await introduce(alice, bob);
  await introduce(bob, alice);
  return { world, alice, bob };
}

const hello = (): SendRequest => ({ input: bytesInput(bytesOf('hello'), 'plan.txt'), to: ['alice'] });

async function* inPieces(bytes: Bytes, size: number): AsyncGenerator<Bytes> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

describe('send', () => {
  it('seals, stores, announces, and answers what is true', async () => {
    const { alice, bob } = await pair();
    const { result, changed, error } = await bob.app.send({ ...hello(), receipt: 'opened', mediaType: 'text/plain' });
    expect(error).toBeUndefined();
    expect(changed).toBe(true);
    expect(result).toEqual({
      cid: expect.stringMatching(/^bafyrei/),
      bytes: 5,
      blocks: 1,
      recipients: { total: 1, announced: 1, names: ['alice'] },
      durability: { asked: 'hot', true: 'hot', copies: { hot: 1 }, announcements: 'hot' },
      postQuantum: true,
      forwardSecret: true,
      expires: expect.stringMatching(/^20/),
    });
    expect(bob.warnings).toEqual([]);
    const got = await read(alice, result.cid);
    expect(got.content).toEqual(bytesOf('hello'));
    expect(got.sender).toMatchObject({ kind: 'signed', bundleSeq: 1 });
    expect(got.metadata).toMatchObject({ name: 'plan.txt', mediaType: 'text/plain', receipt: 'opened', expiresMs: Date.parse(result.expires as string) });
    expect(got.packet).toMatchObject({ fragment: 'single', priority: false, qos: 1, dup: false, expiresMs: Date.parse(result.expires as string), timeoutMs: 0 });
  });

  it('writes home, store and journal together', async () => {
    const { bob } = await pair();
    const { result } = await bob.app.send(hello());
    const [home, store] = [await bob.app.home(), await bob.app.store()];
    const cid = parseCid(result.cid);
    const { entries } = home.outbox.list({ limit: 10 });
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({ bytes: 5, name: 'plan.txt', store: store.id, durability: { asked: 'hot', true: 'hot' } });
    expect(entries[0]?.recipients).toMatchObject([{ name: 'alice', state: 'announced', packet: expect.any(Uint8Array) }]);
    const acknowledged = await all(store.journal.since(0));
    expect(acknowledged).toMatchObject([{ durability: 'hot', inboxes: [expect.any(Uint8Array)], expiresAtMs: Date.parse(result.expires as string) }]);
    expect(acknowledged[0]?.cid.equals(cid)).toBe(true);
    expect(await store.hot.message(cid)).toMatchObject({ blocks: 1, tiers: ['hot'], removed: false });
  });

  it('carries priority and quality of service in the packet', async () => {
    const { alice, bob } = await pair();
    const { result } = await bob.app.send({ ...hello(), priority: true, qos: 2 });
    expect((await read(alice, result.cid)).packet).toMatchObject({ priority: true, qos: 2 });
  });

  it.each([0, 1, limits.tailBytesMax - 17, limits.chunkBytes - 1, limits.chunkBytes, limits.chunkBytes + 1, 16 * limits.chunkBytes - 1, 16 * limits.chunkBytes, 16 * limits.chunkBytes + 1, 17 * limits.chunkBytes, 3_000_000])(
    'brings %i bytes back bit for bit, whole and in pieces of any size',
    async (length) => {
      const { alice, bob } = await pair({ algorithms: ['ed25519'] });
      const content = systemRng.bytes(length);
      for (const padding of ['none', 'padme', 'class'] as const) {
        const { result } = await bob.app.send({ input: streamInput(inPieces(content, 4_097)), to: ['alice'], padding });
        expect(result.bytes).toBe(length);
        const got = await read(alice, result.cid);
        expect(equalBytes(got.content, content)).toBe(true);
        expect(got.metadata.name).toBe('');
      }
    },
  );

  it('reads files, and refuses a folder and what is not there, with nothing written', async () => {
    const { world, alice, bob } = await pair();
    const path = join(world.folder, 'report.bin');
    const content = systemRng.bytes(700_000);
    await writeFile(path, content);
    const progress: number[] = [];
    const { result } = await bob.app.send({ input: await fileInput(path), to: ['alice'], onProgress: (bytes) => progress.push(bytes) });
    const got = await read(alice, result.cid);
    expect(equalBytes(got.content, content)).toBe(true);
    expect(got.metadata.name).toBe('report.bin');
    expect(progress.at(-1)).toBe(content.length);
    await mkdir(join(world.folder, 'folder'));
    await expect(fileInput(join(world.folder, 'folder'))).rejects.toEqual(refused('E_USAGE'));
    await expect(fileInput(join(world.folder, 'none'))).rejects.toEqual(refused('E_NOT_FOUND'));
  });

  it('leaves nothing but garbage when the input fails', async () => {
    const { alice, bob } = await pair();
    async function* failing(): AsyncGenerator<Bytes> {
      yield systemRng.bytes(400_000);
      throw Object.assign(new Error('gone'), { code: 'EIO' });
    }
    await expect(bob.app.send({ input: streamInput(failing()), to: ['alice'] })).rejects.toThrow('gone');
    expect(await told(alice)).toEqual([]);
    expect((await bob.app.outbox.list()).result.messages).toEqual([]);
    expect(await all((await bob.app.store()).hot.messages())).toEqual([]);
  });

  it('stops when it is aborted', async () => {
    const { alice, bob } = await pair();
    const abort = new AbortController();
    async function* endless(): AsyncGenerator<Bytes> {
      for (let i = 0; ; i++) {
        if (i === 60) abort.abort(new Error('stop'));
        yield systemRng.bytes(300_000);
      }
    }
    await expect(bob.app.send({ input: streamInput(endless()), to: ['alice'], signal: abort.signal })).rejects.toThrow('stop');
    const left = bob.warnings.find(({ code }) => code === 'W_UNFINISHED');
    expect(left).toMatchObject({ age: '1d', until: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) as unknown, message: expect.stringMatching(/takes them away once they are 1d old, and with --grace sooner$/) as unknown });
    expect(left?.['bytes']).toBeGreaterThanOrEqual((await (await bob.app.store()).hot.usage()).bytes);
    expect((await (await bob.app.store()).gc({ dryRun: true })).waiting.blocks).toBe((await (await bob.app.store()).hot.usage()).blocks);
    expect(await told(alice)).toEqual([]);
  });

  it('whose blocks a gc took, since the clock was set while it went on, is not promised, and told to nobody', async () => {
    const clock = clockAt(Date.now());
    const { alice, bob } = await pair({ clock });
    const store = await bob.app.store();
    const input = streamInput(
      (async function* () {
        for (let i = 0; i < 40; i++) yield systemRng.bytes(1_000_000);
        clock.at += 2 * limits.gcGraceMs;
        const { planId, blocks } = await store.gc({ dryRun: true });
        expect(blocks).toBeGreaterThan(0);
        await store.gc({ confirm: planId });
        yield systemRng.bytes(10);
      })(),
    );
    await expect(bob.app.send({ input, to: ['alice'], id: 'slow' })).rejects.toMatchObject({ code: 'E_BLOCKS_MISSING' });
    expect(await told(alice)).toEqual([]);
    expect(await all(store.hot.messages())).toEqual([]);
    expect(await store.verifyAcknowledged(0)).toMatchObject({ present: 0, lost: [], unannounced: [] });
    const late = streamInput(
      (async function* () {
        clock.at += 2 * limits.gcGraceMs;
        yield bytesOf('late, and whole');
      })(),
    );
    const { result } = await bob.app.send({ input: late, to: ['alice'], id: 'slow' });
    expect((await read(alice, result.cid)).content).toEqual(bytesOf('late, and whole'));
    expect(await store.locks.list()).toEqual([]);
  });

  it('keeps its blocks from a gc with a short grace time for as long as it takes', async () => {
    const { alice, bob } = await pair();
    const store = await bob.app.store();
    const collect = () => store.gc({ dryRun: true, graceMs: limits.gcGraceMsMin });
    const seen: unknown[] = [];
    async function* slow(): AsyncGenerator<Bytes> {
      yield systemRng.bytes(600_000);
      seen.push(await collect().catch((error: unknown) => error));
      yield systemRng.bytes(600_000);
    }
    async function* broken(): AsyncGenerator<Bytes> {
      for (let i = 0; i < 60; i++) yield systemRng.bytes(300_000);
      throw new Error('gone');
    }
    const { result } = await bob.app.send({ input: streamInput(slow()), to: ['alice'], receipt: 'opened' });
    expect(seen).toEqual([refused('E_LOCKED')]);
    await collect();
    expect((await read(alice, result.cid)).content.length).toBe(1_200_000);
    // a send that fails lets go too
    await expect(bob.app.send({ input: streamInput(broken()), to: ['alice'] })).rejects.toThrow('gone');
    expect((await collect()).waiting.blocks).toBeGreaterThan(0);
  });

  describe('expiry', () => {
    const now = Date.UTC(2026, 10, 23);

    it('is the last one that the prekeys of all allow, when nobody asks', async () => {
      const world = await freshWorld();
      const clock = clockAt(now);
      const bob = await world.operator('bob', { clock });
      const alice = await world.operator('alice', { clock, prekeysUntilMs: now + 20 * DAY });
      const carol = await world.operator('carol', { clock, prekeysUntilMs: now + 40 * DAY });
      for (const one of [alice, carol]) await introduce(bob, one);
      const { result } = await bob.app.send({ ...hello(), to: ['alice', 'carol'] });
      expect(result).toMatchObject({ expires: rfc3339(now + 20 * DAY), forwardSecret: true });
      expect(bob.warnings).toEqual([]);
    });

    it('is the one asked for: a duration, a date, or never, which costs forward secrecy', async () => {
      const { bob } = await pair({ clock: clockAt(now) });
      expect((await bob.app.send({ ...hello(), expires: '7d' })).result).toMatchObject({ expires: rfc3339(now + 7 * DAY), forwardSecret: true });
      expect((await bob.app.send({ ...hello(), expires: '2026-12-01' })).result).toMatchObject({ expires: '2026-12-01T00:00:00.000Z', forwardSecret: true });
      expect((await bob.app.send({ ...hello(), expires: 'never' })).result).toMatchObject({ expires: null, forwardSecret: false });
      expect(bob.warnings).toMatchObject([{ code: 'W_NO_FORWARD_SECRECY', contact: 'alice' }]);
      for (const expires of ['0', '2020-01-01', 'tomorrow', '']) await expect(bob.app.send({ ...hello(), expires })).rejects.toEqual(refused('E_USAGE'));
    });

    it('beyond the last prekey is refused, and one that ends soon is a warning', async () => {
      const clock = clockAt(now);
      const { alice, bob } = await pair({ clock });
      await expect(bob.app.send({ ...hello(), expires: '31d' })).rejects.toMatchObject({ code: 'E_PREKEY_EXPIRY', details: { names: '"alice"' } });
      expect(await told(alice)).toEqual([]);
      clock.at += 20 * DAY;
      await bob.app.send(hello());
      expect(bob.warnings).toMatchObject([{ code: 'W_PREKEY_SOON', contact: 'alice', until: rfc3339(now + 30 * DAY) }]);
    });

    it('is none once the prekeys have ended, unless one is asked for', async () => {
      const clock = clockAt(now);
      const { alice, bob } = await pair({ clock });
      clock.at += 31 * DAY;
      const { result } = await bob.app.send(hello());
      expect(result).toMatchObject({ expires: null, forwardSecret: false });
      expect(bob.warnings).toMatchObject([{ code: 'W_NO_FORWARD_SECRECY', contact: 'alice' }]);
      expect((await read(alice, result.cid)).content).toEqual(bytesOf('hello'));
      await expect(bob.app.send({ ...hello(), expires: '1d' })).rejects.toEqual(refused('E_PREKEY_EXPIRY'));
    });

    it('of one who still has prekeys stands, and the other is reached without forward secrecy', async () => {
      const clock = clockAt(now);
      const world = await freshWorld();
      const bob = await world.operator('bob', { clock });
      await introduce(bob, await world.operator('alice', { clock, prekeysUntilMs: now + 16 * DAY }));
      await introduce(bob, await world.operator('carol', { clock, prekeysUntilMs: now + 60 * DAY }));
      clock.at += 17 * DAY;
      const { result } = await bob.app.send({ ...hello(), to: ['alice', 'carol'] });
      expect(result).toMatchObject({ expires: rfc3339(now + 60 * DAY), forwardSecret: false });
      expect(bob.warnings.map(({ code, contact }) => [code, contact])).toEqual([['W_NO_FORWARD_SECRECY', 'alice']]);
    });
  });

  describe('to a passphrase', () => {
    const cheap = { memoryKib: 64, passes: 1, lanes: 1 };

    it('stands alone, is announced to nobody, and opens with it', async () => {
      const { alice, bob } = await pair();
      const crypto = await bob.app.crypto();
      using passphrase = new Passphrase(crypto, secretOf('open sesame'), cheap);
      const { result } = await bob.app.send({ input: bytesInput(bytesOf('hello')), to: [], passphrase });
      expect(result).toMatchObject({ recipients: { total: 0, announced: 0, names: [] }, expires: null, forwardSecret: false, postQuantum: true });
      expect(await told(alice)).toEqual([]);
      const store = await bob.app.store();
      const cid = parseCid(result.cid);
      using reading = new Passphrase(crypto, secretOf('open sesame'));
      using opened = await openManifest(crypto, cid, (await store.source.get(cid)) as Bytes, { passphrase: reading }, { resolveSender: async () => undefined });
      const [piece] = await all(readContent(opened, store.source));
      expect(piece).toEqual(bytesOf('hello'));
      expect((await bob.app.outbox.show(result.cid)).result).toMatchObject({ state: 'announced', recipients: [] });
      await expect(bob.app.outbox.wait(result.cid, { state: 'opened', timeoutMs: 0 })).rejects.toEqual(refused('E_NOT_FOUND'));
    });

    it('takes no other recipient, no stream and no receipt', async () => {
      const { bob } = await pair();
      using short = new Passphrase(await bob.app.crypto(), secretOf('sesame!'), cheap);
      await expect(bob.app.send({ ...hello(), to: [], passphrase: short })).rejects.toEqual(refused('E_PASSPHRASE_SHORT'));
      using passphrase = new Passphrase(await bob.app.crypto(), secretOf('open sesame'), cheap);
      await expect(bob.app.send({ ...hello(), passphrase })).rejects.toEqual(refused('E_USAGE'));
      await expect(bob.app.send({ ...hello(), to: [], passphrase, stream: true })).rejects.toEqual(refused('E_USAGE'));
      await expect(bob.app.send({ ...hello(), to: [], passphrase, receipt: 'opened' })).rejects.toEqual(refused('E_USAGE'));
      await expect(bob.app.send({ ...hello(), to: [] })).rejects.toEqual(refused('E_NO_RECIPIENT'));
    });
  });

  it('introduces the sender to those who do not know him, in the message and in the CAR beside it', async () => {
    const world = await freshWorld();
    const [alice, bob] = [await world.operator('alice'), await world.operator('bob')];
    await introduce(bob, alice);
    const out = join(world.folder, 'to-alice.car');
    const { result } = await bob.app.send({ ...hello(), introduce: true, out });
    expect(result.out).toEqual({ path: out, bytes: expect.any(Number) });
    const introductions = await readIntroductions(await alice.app.crypto(), (await fileInput(out)).open(), out);
    expect(introductions.map(({ newest }) => newest.name)).toEqual(['bob']);
    const crypto = await alice.app.crypto();
    const cid = parseCid(result.cid);
    const manifest = (await (await alice.app.store()).source.get(cid)) as Bytes;
    const xWing = await (await alice.app.identities()).openingKeys('alice');
    using opened = await openManifest(crypto, cid, manifest, { xWing }, { resolveSender: async () => undefined });
    expect(opened.sender).toMatchObject({ kind: 'unknown', introduction: { genesis: expect.any(Uint8Array), bundle: expect.any(Uint8Array) } });
    // what was introduced may be answered to: its prekeys must outlive a rotation
    const identities = await bob.app.identities();
    await identities.rotate('bob');
    expect((await bob.app.home()).people.keysOf(identities.show('bob').id).filter(({ kind }) => kind === 'prekey')).toHaveLength(2);
  });

  it('refuses a CAR whose name is taken before anything is sent, and says so when it cannot be written', async () => {
    const { world, alice, bob } = await pair();
    const out = join(world.folder, 'taken.car');
    await writeFile(out, 'mine');
    await expect(bob.app.send({ ...hello(), out })).rejects.toEqual(refused('E_EXISTS'));
    expect(await told(alice)).toEqual([]);
    const { result, error } = await bob.app.send({ ...hello(), out: join(world.folder, 'none', 'x.car') });
    expect(error).toEqual(refused('E_INCOMPLETE'));
    expect(result.out).toBeUndefined();
    expect(await told(alice)).toHaveLength(1);
  });

  it('goes to cold when that is asked, read back, with its announcements', async () => {
    const { alice, bob } = await pair();
    const content = systemRng.bytes(600_000);
    const { result, error } = await bob.app.send({ input: bytesInput(content), to: ['alice'], durability: 'cold' });
    expect(error).toBeUndefined();
    expect(result.durability).toEqual({ asked: 'cold', true: 'cold', copies: { hot: 1, files: 1 }, announcements: 'cold' });
    const store = await bob.app.store();
    const [acknowledged] = await all(store.journal.since(0));
    expect(acknowledged?.durability).toBe('cold');
    expect(await store.coldTier('files').announcements(parseCid(result.cid))).toHaveLength(1);
    expect(equalBytes((await read(alice, result.cid)).content, content)).toBe(true);
    expect((await bob.app.outbox.show(result.cid)).result.durability).toEqual({ asked: 'cold', true: 'cold' });
  });

  it('refuses what the store cannot have, and takes less than it reaches', async () => {
    const { alice, bob } = await pair();
    await expect(bob.app.send({ ...hello(), durability: 'replicated' })).rejects.toEqual(refused('E_NOT_SUPPORTED'));
    expect(await told(alice)).toEqual([]);
    const { result, error } = await bob.app.send({ ...hello(), durability: 'accepted' });
    expect(error).toBeUndefined();
    expect(result.durability).toMatchObject({ asked: 'accepted', true: 'hot' });
  });

  it('says what was reached when cold fails, and the message stands', async () => {
    const { alice, bob } = await pair();
    const store = await bob.app.store();
    const cold = store.coldTier('files');
    cold.put = () => Promise.reject(fail('E_DISK_FULL', { path: 'cold' }));
    const { result, error } = await bob.app.send({ ...hello(), durability: 'cold' });
    expect(error).toMatchObject({ code: 'E_DURABILITY', exit: 12, details: { asked: 'cold', true: 'hot' } });
    expect(result.durability).toMatchObject({ asked: 'cold', true: 'hot', copies: { hot: 1 } });
    expect(await told(alice)).toHaveLength(1);
    expect((await bob.app.outbox.show(result.cid)).result).toMatchObject({ state: 'announced', durability: { asked: 'cold', true: 'hot' } });
  });

  it('streams to cold what the hot budget cannot hold', async () => {
    const world = await freshWorld();
    const alice = await world.operator('alice');
    const bob = await world.operator('bob', { settings: { 'hot.budget': 1_000_000 } });
    await introduce(alice, bob);
    await introduce(bob, alice);
    const content = systemRng.bytes(3_000_000);
    const { result } = await bob.app.send({ input: streamInput(inPieces(content, 70_000)), to: ['alice'] });
    expect(result.durability.copies).toEqual({ files: 1 });
    expect(equalBytes((await read(alice, result.cid)).content, content)).toBe(true);
  });

  it('goes to my own identity too, and to a bundle file', async () => {
    const { world, alice, bob } = await pair();
    const self = await bob.app.send({ ...hello(), to: ['bob'] });
    expect(self.result.recipients.names).toEqual(['bob']);
    expect((await read(bob, self.result.cid)).content).toEqual(bytesOf('hello'));
    const carol = await world.operator('carol');
    const path = join(world.folder, 'carol.bundle');
    await writeFile(path, (await (await carol.app.identities()).exportBundle('carol')).bytes);
    await expect(bob.app.send({ ...hello(), to: [path] })).rejects.toMatchObject({ code: 'E_UNVERIFIED' });
    const { result } = await bob.app.send({ ...hello(), to: [path, 'alice'], allowUnverified: true });
    expect(result.recipients.names).toEqual(['carol', 'alice']);
    expect(bob.warnings).toMatchObject([{ code: 'W_UNVERIFIED', contact: 'carol' }]);
    await introduce(carol, bob);
    expect((await read(carol, result.cid)).content).toEqual(bytesOf('hello'));
    expect((await read(alice, result.cid)).content).toEqual(bytesOf('hello'));
  });

  it('keeps names, content and recipients out of the store', async () => {
    const { world, bob } = await pair();
    await bob.app.send({ input: bytesInput(bytesOf('canary-content'), 'canary-name.txt'), to: ['alice'], id: 'canary-id', durability: 'cold' });
    await bob.app.close();
    const files = (await readdir(world.store, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    for (const { parentPath, name } of files) {
      const bytes = await readFile(join(parentPath, name));
      for (const canary of ['canary', 'alice', 'bob']) expect(bytes.includes(canary), `${name} ${canary}`).toBe(false);
    }
  });

  it('is dated by the clock it was given', async () => {
    const { alice, bob } = await pair({ clock: clockAt(Date.UTC(2027, 0, 1)) });
    const { result } = await bob.app.send(hello());
    expect((await read(alice, result.cid)).metadata.createdMs).toBe(Date.UTC(2027, 0, 1));
  });
});
