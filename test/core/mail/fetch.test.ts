import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../src/core/base/bytes.ts';
import { fetch } from '../../../src/core/mail/fetch.ts';
import { couple, inboxOf, noise, post, read } from '../../support/post.ts';

describe('fetch', () => {
  it('writes a whole file under the sender\'s name, private, and says from whom and from where', async () => {
    const { world, alice, bob } = await couple();
    const cid = await post(bob, ['alice'], 'the plan', { name: 'plan.txt' });
    const { result, changed, error } = await fetch(await alice.app.mail(), { cid, to: { kind: 'folder', path: world.folder } });
    expect(error).toBeUndefined();
    expect(changed).toBe(true);
    const out = join(world.folder, 'plan.txt');
    expect(result).toMatchObject({ cid: cid.toString(), bytes: 8, out, from: 'hot', name: 'plan.txt', acknowledged: false, receipt: null, sender: { name: 'bob', verified: true } });
    expect(await readFile(out)).toEqual(Buffer.from('the plan'));
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    expect((await readdir(world.folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
    expect(alice.warnings).toEqual([]);
  });

  it('gives any length back bit for bit, as a stream and as a file', async () => {
    const { world, alice, bob } = await couple();
    for (const bytes of [0, 1, 16_384, 262_144, 700_001]) {
      const content = noise(bytes, bytes);
      const cid = await post(bob, ['alice'], content, { name: `n${bytes}` });
      expect((await read(alice, cid)).content).toEqual(content);
      await fetch(await alice.app.mail(), { cid, to: { kind: 'folder', path: world.folder } });
      expect(new Uint8Array(await readFile(join(world.folder, `n${bytes}`)))).toEqual(content);
    }
  });

  it('lists it', async () => {
    const { alice, bob } = await couple();
    const cid = await post(bob, ['alice'], bytesOf('hello'), { name: 'a.txt' });
    expect(await inboxOf(alice)).toMatchObject({ messages: [{ cid: cid.toString(), sender: 'bob', verified: true, bytes: 5, state: 'unread', to: 'alice' }], next: null, unreadable: 0, arriving: 0, receipts: 0 });
  });
});
