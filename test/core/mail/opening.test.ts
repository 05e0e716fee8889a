/** What a fetch refuses, and what it says of whoever sent it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../src/core/base/bytes.ts';
import type { Cid } from '../../../src/core/base/cid.ts';
import { decodeBundleFile } from '../../../src/core/identity/index.ts';
import { fetch } from '../../../src/core/mail/fetch.ts';
import { decodeManifest, type Sender } from '../../../src/core/message/index.ts';
import type { Changes } from '../message/forge.ts';
import { handPost } from '../../support/hand-post.ts';
import { introduce, type Operator } from '../../support/mail.ts';
import { codeOf, couple, damage, inboxOf, linksOf, noise, post, read } from '../../support/post.ts';

const codes = ({ warnings }: Operator): string[] => warnings.map(({ code }) => code);

describe('damage', () => {
  it('of any block is refused, and no file is left', async () => {
    const { world, alice, bob } = await couple();
    const cid = await post(bob, ['alice'], noise(600_000), { name: 'n' });
    const to = { kind: 'folder', path: world.folder } as const;
    for (const block of [...(await linksOf(alice, cid)), cid]) {
      const { hot } = await alice.app.store();
      const whole = await hot.get(block);
      await damage(alice, block);
      expect(await codeOf(fetch(await alice.app.mail(), { cid, to }))).toBe('E_BLOCK_CORRUPT');
      await hot.put([{ cid: block, bytes: whole as Uint8Array }]);
    }
    expect((await readdir(world.folder)).filter((name) => name === 'n' || name.endsWith('.part'))).toEqual([]);
    expect((await fetch(await alice.app.mail(), { cid, to })).result.bytes).toBe(600_000);
  });

  it('that the sender made himself ends a stream after an authentic prefix, and leaves no file', async () => {
    const { world, alice, bob } = await couple();
    const content = noise(600_000);
    // one block in the place of another, and the whole signed anew: only the chunks can tell
    const changes = (signAs: Sender): Changes => ({
      signAs,
      core: ({ content: sealed }) => ({ content: { ...sealed, links: [sealed.links[0] as Cid, sealed.links[0] as Cid, ...sealed.links.slice(2)] } }),
    });
    const { cid } = await handPost(bob, alice, { content, metadata: { name: 'n' }, changes });
    const got = await read(alice, cid);
    expect(got.error?.code).toBe('E_CIPHERTEXT');
    expect(got.error?.exit).toBe(7);
    expect(got.result.bytes).toBe(got.content.length);
    expect(got.content).toEqual(content.subarray(0, 262_144));
    expect(codes(alice)).toContain('W_STDIN_CUT');
    expect(await codeOf(fetch(await alice.app.mail(), { cid, to: { kind: 'folder', path: world.folder } }))).toBe('E_CIPHERTEXT');
    expect((await readdir(world.folder)).filter((name) => name === 'n' || name.endsWith('.part'))).toEqual([]);
    expect(await inboxOf(alice)).toMatchObject({ messages: [{ state: 'unread' }] });
  });

  it('of a manifest by somebody who can open it is refused: he cannot sign as the sender', async () => {
    const { alice, bob } = await couple();
    const swapped = await handPost(bob, alice, { changes: () => ({ core: ({ stanzas }) => ({ stanzas: [...stanzas, ...stanzas] }) }) });
    expect(await codeOf(read(alice, swapped.cid))).toBe('E_SIGNATURE');
    const renamed = await handPost(bob, alice, { changes: () => ({ metadata: (metadata) => ({ ...metadata, name: 'invoice.pdf' }) }) });
    expect(await codeOf(read(alice, renamed.cid))).toBe('E_SIGNATURE');
    const stripped = await handPost(bob, alice, { changes: () => ({ metadata: ({ sender: _, ...rest }) => rest, signatures: () => undefined }) });
    expect(await codeOf(read(alice, stripped.cid))).toBe('E_SIGNATURE');
    const asAlice = await handPost(bob, alice, { changes: (signer) => ({ metadata: (metadata) => ({ ...metadata, sender: { identity: signer.identity, bundleSeq: 1 } }), signatures: (made) => made && { ...made, ed25519: new Uint8Array(64) } }) });
    expect(await codeOf(read(alice, asAlice.cid))).toBe('E_SIGNATURE');
    expect(await inboxOf(alice)).toMatchObject({ messages: [], unreadable: 4 });
  });

  it('of stanzas that were taken from another message of the same people is refused', async () => {
    const { alice, bob } = await couple();
    const first = await handPost(bob, alice);
    const { stanzas } = decodeManifest(first.manifest.bytes);
    const second = await handPost(bob, alice, { changes: () => ({ core: () => ({ stanzas }) }) });
    // the stanza opens, to the key of another message
    expect(await codeOf(read(alice, second.cid))).toBe('E_MAC');
  });
});

describe('the sender', () => {
  it('is a contact, verified or not', async () => {
    const { world, alice } = await couple();
    const carol = await world.operator('carol');
    await introduce(carol, alice);
    await introduce(alice, carol, { verified: false });
    const cid = await post(carol, ['alice'], 'hello');
    expect((await read(alice, cid)).result.sender).toMatchObject({ name: 'carol', verified: false });
    expect(codes(alice)).toEqual(['W_SENDER_UNVERIFIED']);
    expect(await inboxOf(alice)).toMatchObject({ messages: [{ sender: 'carol', verified: false }] });
  });

  it('may introduce himself: readable, by no name but the one he claims', async () => {
    const { world, alice } = await couple();
    const carol = await world.operator('carol');
    await introduce(carol, alice);
    const cid = await post(carol, ['alice'], 'hello', { introduce: true });
    const identity = (await carol.app.identities()).show('carol').id.toString();
    expect((await read(alice, cid)).result.sender).toEqual({ name: null, identity, verified: false, claimedName: 'carol' });
    expect(codes(alice)).toEqual(['W_SENDER_UNVERIFIED']);
    expect(await inboxOf(alice)).toMatchObject({ messages: [{ sender: null, verified: false, claimedName: 'carol' }] });
  });

  it('who is unknown is refused, unless that is allowed, and then nothing of him is believed', async () => {
    const { world, alice } = await couple();
    const carol = await world.operator('carol');
    await introduce(carol, alice);
    const cid = await post(carol, ['alice'], 'hello', { name: 'h.txt' });
    expect(await codeOf(read(alice, cid))).toBe('E_SENDER_UNKNOWN');
    expect(await codeOf(fetch(await alice.app.mail(), { cid, to: { kind: 'path', path: join(world.folder, 'h') } }))).toBe('E_SENDER_UNKNOWN');
    expect(await readdir(world.folder)).not.toContain('h');
    const { result, content } = await read(alice, cid, { allowUnverified: true });
    expect(content).toEqual(bytesOf('hello'));
    expect(result.sender).toMatchObject({ name: null, verified: false });
    expect(result.sender).not.toHaveProperty('claimedName');
  });

  it('stays known when only his prekeys are newer than the bundle here', async () => {
    const { alice, bob } = await couple();
    await (await bob.app.identities()).rotate('bob', 'prekeys');
    const cid = await post(bob, ['alice'], 'hello');
    expect((await read(alice, cid)).result.sender).toMatchObject({ name: 'bob', verified: true });
    expect(codes(alice)).toEqual([]);
  });

  it('cannot be checked when his signing keys are newer, until his bundle comes, by itself or with the message', async () => {
    const { alice, bob } = await couple();
    await (await bob.app.identities()).rotate('bob', 'signing');
    const bare = await post(bob, ['alice'], 'hello');
    expect(await codeOf(read(alice, bare))).toBe('E_SENDER_UNKNOWN');
    expect((await read(alice, bare, { allowUnverified: true })).result.sender).toMatchObject({ name: 'bob', verified: false });
    const introduced = await post(bob, ['alice'], 'hello again', { introduce: true });
    expect((await read(alice, introduced)).result.sender).toMatchObject({ name: 'bob', verified: true });
    // the introduction was taken in, and so the first message can be checked too
    expect((await read(alice, bare)).result.sender).toMatchObject({ name: 'bob', verified: true });
  });

  it('is not verified any more once his identity is revoked, and that is told', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'hello');
    await (await bob.app.identities()).revoke('bob', 'compromised');
    const { bytes } = await (await bob.app.identities()).exportBundle('bob');
    (await alice.app.contacts()).update('bob', await decodeBundleFile(await alice.app.crypto(), bytes));
    expect((await read(alice, cid)).result.sender).toMatchObject({ name: 'bob', verified: false, revoked: expect.stringMatching(/Z$/) });
    expect(codes(alice)).toEqual(['W_SENDER_REVOKED']);
  });

  it('of an introduction that contradicts what is known is refused', async () => {
    const { world, alice } = await couple();
    const carol = await world.operator('carol');
    await introduce(carol, alice);
    const mallory = await world.operator('mallory');
    await introduce(mallory, alice);
    const introduction = async (of: Operator) => {
      const { genesis, newest } = (await of.app.identities()).handOut(of.name);
      return { genesis: genesis.block, bundle: newest.block };
    };
    const [hers, his] = [await introduction(carol), await introduction(mallory)];
    const mixed = await handPost(mallory, alice, { request: { introduction: { genesis: his.genesis, bundle: hers.bundle } } });
    expect(await codeOf(read(alice, mixed.cid))).toMatch(/^E_(SIGNATURE|BUNDLE_CHAIN|FORMAT)$/);
    const stolen = await handPost(mallory, alice, { request: { introduction: hers } });
    expect(await codeOf(read(alice, stolen.cid))).toBe('E_SIGNATURE');
    const garbled = await handPost(mallory, alice, { request: { introduction: { genesis: his.genesis, bundle: his.bundle.map((byte, i) => (i === 500 ? byte ^ 1 : byte)) } } });
    expect(await codeOf(read(alice, garbled.cid))).toMatch(/^E_/);
    expect(await inboxOf(alice)).toMatchObject({ messages: [], unreadable: 3 });
  });

  it('may be myself', async () => {
    const { alice } = await couple();
    const cid = await post(alice, ['alice'], 'note to self');
    expect((await read(alice, cid)).result.sender).toMatchObject({ name: 'alice', verified: true });
  });
});
