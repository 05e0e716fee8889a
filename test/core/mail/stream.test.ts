import { describe, expect, it } from 'vitest';
import { equalBytes, type Bytes } from '../../../src/core/base/bytes.ts';
import { parseCid } from '../../../src/core/base/cid.ts';
import { fail } from '../../../src/core/base/errors.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import { bytesInput, streamInput } from '../../../src/core/mail/input.ts';
import { checkOpening, decodeManifest, openOpening } from '../../../src/core/message/index.ts';
import { verifyPacket } from '../../../src/core/packet/codec.ts';
import { oneShotKey } from '../../../src/core/packet/keys.ts';
import { stanzaNumber } from '../../../src/core/packet/packet.ts';
import { freshWorld, introduce, type Operator, type World } from '../../support/mail.ts';
import { packetOf, read, told } from '../../support/reader.ts';

const BLOCK = 16 * limits.chunkBytes;

async function pair(): Promise<{ world: World; alice: Operator; bob: Operator }> {
  const world = await freshWorld();
  const [alice, bob] = [await world.operator('alice'), await world.operator('bob')];
  await introduce(alice, bob);
  await introduce(bob, alice);
  return { world, alice, bob };
}

const roles = async (alice: Operator) => (await told(alice)).map((row) => packetOf(row)).map(({ fragment, index }) => `${fragment} ${index}`);

/** Gives a piece each time it is let go on. */
function paced(pieces: readonly Bytes[]) {
  let release: () => void = () => undefined;
  async function* open(): AsyncGenerator<Bytes> {
    for (const piece of pieces) {
      await new Promise<void>((resolve) => (release = resolve));
      yield piece;
    }
    await new Promise<void>((resolve) => (release = resolve));
  }
  return { input: streamInput(open()), next: () => release() };
}

describe('a stream', () => {
  it.each([0, 1, 20_000, BLOCK, 3 * BLOCK + 17])('of %i bytes is told from its opening to its manifest, in order', async (length) => {
    const { alice, bob } = await pair();
    const content = systemRng.bytes(length);
    const { result } = await bob.app.send({ input: bytesInput(content), to: ['alice'], stream: true, padding: 'none' });
    const blocks = decodeManifest((await (await bob.app.store()).source.get(parseCid(result.cid))) as Bytes).content.links.length;
    const contents = Array.from({ length: blocks }, (_, i) => `content ${i + 1}`);
    expect(await roles(alice)).toEqual(['start 0', ...contents, `end ${blocks + 1}`]);
    const got = await read(alice, result.cid);
    expect(equalBytes(got.content, content)).toBe(true);
    expect(got.packet.fragment).toBe('end');
  });

  it('can be checked from its opening on, before its content is there', async () => {
    const { alice, bob } = await pair();
    const { result } = await bob.app.send({ input: bytesInput(systemRng.bytes(2 * BLOCK)), to: ['alice', 'bob'], stream: true });
    const rows = await told(alice);
    const store = await alice.app.store();
    const [start] = rows;
    const opening = (await store.source.get(start?.cid as never)) as Bytes;
    const xWing = await (await alice.app.identities()).openingKeys('alice');
    const opened = await openOpening(await alice.app.crypto(), start?.cid as never, opening, { xWing }, stanzaNumber(packetOf(start as never)));
    using _messageKey = opened.messageKey;
    using headerKey = opened.headerKey;
    for (const row of rows) expect(verifyPacket(packetOf(row), oneShotKey(headerKey.expose()))).toBe(true);
    checkOpening(opened.opening, decodeManifest((await store.source.get(parseCid(result.cid))) as Bytes));
  });

  it('is told while it is still being read', async () => {
    const { alice, bob } = await pair();
    const { input, next } = paced([systemRng.bytes(2 * BLOCK), systemRng.bytes(BLOCK), systemRng.bytes(10)]);
    const sending = bob.app.send({ input, to: ['alice'], stream: true });
    const until = async (claim: () => Promise<boolean>): Promise<void> => {
      while (!(await claim())) await new Promise((resolve) => setImmediate(resolve));
    };
    await until(async () => (await told(alice)).length === 1);
    expect((await bob.app.outbox.list()).result.messages).toMatchObject([{ cid: null, state: 'unknown' }]);
    next();
    await until(async () => (await told(alice)).length >= 2);
    expect((await roles(alice)).slice(0, 2)).toEqual(['start 0', 'content 1']);
    expect((await roles(alice)).some((role) => role.startsWith('end'))).toBe(false);
    next();
    await until(async () => (await told(alice)).length >= 3);
    expect((await roles(alice))[2]).toBe('content 2');
    next();
    next();
    let done = false;
    const ended = sending.then(() => (done = true));
    await until(async () => (next(), done));
    await ended;
    expect((await roles(alice)).at(-1)).toMatch(/^end/);
    expect((await bob.app.outbox.list()).result.messages).toMatchObject([{ cid: (await sending).result.cid, state: 'announced' }]);
  });

  it('that fails is taken back whole', async () => {
    const { alice, bob } = await pair();
    async function* failing(): AsyncGenerator<Bytes> {
      for (let i = 0; i < 40; i++) yield systemRng.bytes(BLOCK);
      throw fail('E_IO', { path: 'input', why: 'gone' });
    }
    await expect(bob.app.send({ input: streamInput(failing()), to: ['alice', 'bob'], stream: true })).rejects.toMatchObject({ code: 'E_IO' });
    expect(await told(alice)).toEqual([]);
    expect(await told(bob)).toEqual([]);
    expect((await bob.app.outbox.list()).result.messages).toMatchObject([{ cid: null, state: 'failed', recipients: { states: { failed: 2 } } }]);
    await expect(bob.app.outbox.resend((await bob.app.outbox.list()).result.messages[0]?.id ?? 'none')).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  });

  it('under an id is one effect, and the loser of a race leaves no packet behind', async () => {
    const { alice, bob } = await pair();
    const content = systemRng.bytes(3 * BLOCK);
    const request = { input: bytesInput(content), to: ['alice'], stream: true, id: 'x' };
    const answers = await Promise.all([bob.app.send(request), bob.app.send(request)]);
    expect(new Set(answers.map(({ result }) => result.cid)).size).toBe(1);
    expect((await roles(alice)).filter((role) => role === 'start 0')).toHaveLength(1);
    expect((await roles(alice)).filter((role) => role.startsWith('end'))).toHaveLength(1);
    expect(answers.filter(({ changed, result }) => changed === (result.sentBefore === undefined))).toHaveLength(2);
    const sentBefore = expect.stringMatching(/Z$/) as unknown as string;
    expect(await bob.app.send(request)).toEqual({ result: { ...answers[0].result, sentBefore }, changed: false });
    expect((await bob.app.outbox.show('x')).result).toMatchObject({ cid: answers[0].result.cid, state: 'announced' });
    await bob.app.outbox.cancel('x');
    expect(await told(alice)).toEqual([]);
  });
});
