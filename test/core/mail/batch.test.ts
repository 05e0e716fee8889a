import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOf, equalBytes } from '../../../src/core/base/bytes.ts';
import { fail, type OmniplexError } from '../../../src/core/base/errors.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import type { BatchItem, BatchRequest, LineFailure } from '../../../src/core/mail/batch-types.ts';
import { bytesInput } from '../../../src/core/mail/input.ts';
import { Passphrase } from '../../../src/core/message/index.ts';
import { secretOf } from '../../support/home.ts';
import { freshWorld, introduce, type Operator, type World } from '../../support/mail.ts';
import { all, read, told } from '../../support/reader.ts';

const refused = (code: string) => expect.objectContaining({ code });

async function trio(): Promise<{ world: World; alice: Operator; bob: Operator; carol: Operator }> {
  const world = await freshWorld();
  const [alice, bob, carol] = [await world.operator('alice'), await world.operator('bob', { algorithms: ['ed25519'] }), await world.operator('carol')];
  for (const one of [alice, carol]) {
    await introduce(one, bob);
    await introduce(bob, one);
  }
  return { world, alice, bob, carol };
}

const listOf = (lines: readonly unknown[], end = '\n') => bytesInput(bytesOf(lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n') + end));

async function sendAll(bob: Operator, lines: readonly unknown[], more: Partial<BatchRequest> = {}) {
  const items: BatchItem[] = [];
  const answer = await bob.app.sendBatch({ list: listOf(lines), folder: '/', onItem: (item) => void items.push(item), ...more });
  return { ...answer, items };
}

describe('a batch', () => {
  it('sends every line to its own recipients, and reports them in order', async () => {
    const { world, alice, bob, carol } = await trio();
    const large = systemRng.bytes(5_000_000);
    await writeFile(join(world.folder, 'large.bin'), large);
    await writeFile(join(world.folder, 'empty.txt'), '');
    const progress: string[] = [];
    const { result, changed, error, items } = await sendAll(
      bob,
      [
        { text: 'to alice', to: 'alice', name: 'a.txt', mediaType: 'text/plain', expires: '7d', receipt: 'opened' },
        '',
        { file: 'large.bin', to: ['alice', 'carol'] },
        { file: join(world.folder, 'empty.txt'), to: ['carol'] },
        { text: '', to: ['carol'] },
      ],
      { folder: world.folder, onProgress: (done, total) => progress.push(`${done}/${total}`) },
    );
    expect(error).toBeUndefined();
    expect(changed).toBe(true);
    expect(result).toEqual({ total: 4, sent: 4, repeated: 0, failed: 0, reasons: {}, failures: [] });
    expect(items.map(({ line, ok }) => [line, ok])).toEqual([[1, true], [3, true], [4, true], [5, true]]);
    expect(progress).toEqual(['1/4', '2/4', '3/4', '4/4']);
    const [first, second, third] = items.map(({ cid }) => cid as string) as [string, string, string];
    const got = await read(alice, first);
    expect(got.content).toEqual(bytesOf('to alice'));
    expect(got.metadata).toMatchObject({ name: 'a.txt', mediaType: 'text/plain', receipt: 'opened' });
    expect(equalBytes((await read(carol, second)).content, large)).toBe(true);
    expect((await read(carol, third)).metadata).toMatchObject({ name: 'empty.txt', bytes: 0 });
    expect(await told(alice)).toHaveLength(2);
    expect(await told(carol)).toHaveLength(3);
  });

  it('asks the passphrase once, and journals in groups', async () => {
    const { alice, bob } = await trio();
    let asked = 0;
    const app = await bob.again({ passphrase: async () => (asked++, secretOf('bob')) });
    const home = await app.home();
    const transaction = home.transaction.bind(home);
    let transactions = 0;
    home.transaction = (act) => {
      transactions++;
      return transaction(act);
    };
    const lines = Array.from({ length: 300 }, (_, i) => ({ text: `message ${i}`, to: 'alice' }));
    const { result } = await app.sendBatch({ list: listOf(lines), folder: '/' });
    expect(result).toMatchObject({ total: 300, sent: 300 });
    expect(asked).toBe(1);
    expect(await told(alice)).toHaveLength(300);
    // the key ring's, and five groups: each is begun in one and settled in another
    expect(transactions).toBe(11);
    expect((await all((await app.store()).journal.since(0)))).toHaveLength(300);
    expect(bob.warnings).toEqual([]);
  });

  it('checks the names of all lines before it writes the first', async () => {
    const { alice, bob } = await trio();
    await expect(sendAll(bob, [{ text: 'a', to: 'alice' }, { text: 'b', to: 'alcie' }, { text: 'c', to: ['carol', 'dave'] }])).rejects.toMatchObject({
      code: 'E_NAME_UNKNOWN',
      details: { names: '"alcie", "dave"' },
    });
    expect(await told(alice)).toEqual([]);
    expect((await (await bob.app.store()).hot.usage()).blocks).toBe(0);
  });

  it('names every line that cannot be sent, and sends none', async () => {
    const { world, alice, bob } = await trio();
    const bad: ReadonlyArray<[unknown, string]> = [
      ['{"text": "a", "to": "alice"', 'E_USAGE'],
      ['[]', 'E_USAGE'],
      ['null', 'E_USAGE'],
      [{ to: 'alice' }, 'E_USAGE'],
      [{ text: 'a', file: 'b', to: 'alice' }, 'E_USAGE'],
      [{ text: 'a' }, 'E_NO_RECIPIENT'],
      [{ text: 'a', to: [] }, 'E_USAGE'],
      [{ text: 'a', to: [1] }, 'E_USAGE'],
      [{ text: 1, to: 'alice' }, 'E_USAGE'],
      [{ text: 'a', to: 'alice', too: 'carol' }, 'E_USAGE'],
      [{ text: 'a', to: 'alice', receipt: 'read' }, 'E_USAGE'],
      [{ text: 'a', to: 'alice', expires: 'yesterday' }, 'E_USAGE'],
      [{ text: 'a', to: 'alice', id: '' }, 'E_USAGE'],
      [{ text: 'a', to: 'alice', id: 'x\ny' }, 'E_USAGE'],
      [{ text: 'a', to: 'alice', id: 'x'.repeat(257) }, 'E_USAGE'],
      [{ text: 'a', to: ['al\u001b[2Jice'] }, 'E_USAGE'],
      [{ text: 'a', to: 'alice', name: 'x'.repeat(256) }, 'E_TOO_MANY'],
      [{ file: 'none.txt', to: 'alice', id: 'kept' }, 'E_NOT_FOUND'],
      [{ file: world.folder, to: 'alice' }, 'E_USAGE'],
      [{ text: 'a', to: ['alice', 'alcie'] }, 'E_NAME_UNKNOWN'],
      [`{"text": "${'x'.repeat(70_000)}", "to": "alice"}`, 'E_USAGE'],
    ];
    const lines = bad.flatMap(([line]) => [line, { text: 'good', to: 'alice' }]);
    const items: BatchItem[] = [];
    const error = await sendAll(bob, lines, { folder: world.folder, onItem: (item) => void items.push(item) }).catch((thrown: unknown) => thrown as OmniplexError);
    expect(error).toMatchObject({ code: 'E_BATCH_LIST', exit: 2, details: { bad: bad.length, total: 2 * bad.length } });
    const named = (error as OmniplexError).details['lines'] as readonly LineFailure[];
    expect(named.map(({ line, code }) => [line, code])).toEqual(bad.map(([, code], i) => [2 * i + 1, code]));
    expect(named.find(({ code }) => code === 'E_NOT_FOUND')).toMatchObject({ id: 'kept' });
    for (const { message } of named) expect(message).not.toContain('xxxxx');
    expect(items).toEqual([]);
    expect(await told(alice)).toEqual([]);
    expect((await (await bob.app.store()).hot.usage()).blocks).toBe(0);
  });

  it.each([['E_USAGE', { expires: 'yesterday' }], ['E_NAME_UNKNOWN', { to: ['dave'] }], ['E_NOT_SUPPORTED', { durability: 'replicated' }]] as const)(
    'is refused by %s for what is wrong with all of it, not line by line',
    async (code, more) => {
      const { alice, bob } = await trio();
      await expect(sendAll(bob, [{ text: 'a', to: 'alice' }, 'no JSON'], more)).rejects.toEqual(refused(code));
      expect(await told(alice)).toEqual([]);
    },
  );

  it('lets a line that fails later fail alone, and names it', async () => {
    const { world, bob } = await trio();
    await writeFile(join(world.folder, 'gone.txt'), 'b');
    const { hot } = await bob.app.store();
    const put = hot.put.bind(hot);
    // Once the first large message is written: too late for the check, in time for the read.
    hot.put = async (blocks, signal) => {
      await rm(join(world.folder, 'gone.txt'), { force: true });
      return put(blocks, signal);
    };
    const large = { text: 'x'.repeat(60_000), to: 'alice' };
    const lines = [...Array.from({ length: 100 }, () => large), { file: 'gone.txt', to: 'alice', id: 'g' }, { text: 'far', to: 'alice', expires: '300d' }, { text: 'last', to: 'alice' }];
    const { result, error, items } = await sendAll(bob, lines, { folder: world.folder });
    expect(error).toMatchObject({ code: 'E_INCOMPLETE', exit: 12 });
    expect(result).toMatchObject({ total: 103, sent: 101, failed: 2, reasons: { E_NOT_FOUND: 1, E_PREKEY_EXPIRY: 1 } });
    expect(result.failures).toMatchObject([{ line: 101, id: 'g', code: 'E_NOT_FOUND' }, { line: 102, code: 'E_PREKEY_EXPIRY' }]);
    expect(result.untried).toBeUndefined();
    expect(items.filter(({ ok }) => !ok).map(({ line }) => line)).toEqual([101, 102]);
  });

  it('with ids can be run again: what was sent is not sent twice, what failed is', async () => {
    const { alice, bob } = await trio();
    const lines = [{ text: 'a', to: 'alice', id: '1' }, { text: 'b', to: 'alice', id: '2', expires: '300d' }, { text: 'c', to: 'alice', id: '3' }];
    const first = await sendAll(bob, lines);
    expect(first.result).toMatchObject({ sent: 2, failed: 1, reasons: { E_PREKEY_EXPIRY: 1 }, failures: [{ line: 2, id: '2' }] });
    const mended = lines.map(({ expires: _, ...line }) => line);
    const second = await sendAll(bob, mended);
    expect(second.result).toEqual({ total: 3, sent: 1, repeated: 2, failed: 0, reasons: {}, failures: [] });
    expect(second.error).toBeUndefined();
    expect(await told(alice)).toHaveLength(3);
    const third = await sendAll(bob, mended);
    expect(third).toMatchObject({ changed: false, result: { repeated: 3 } });
    expect(third.items.map(({ cid }) => cid)).toEqual(second.items.map(({ cid }) => cid));
  });

  it('with one id on two lines has one effect where they are one message', async () => {
    const { world, alice, bob } = await trio();
    await writeFile(join(world.folder, 'a.txt'), 'a');
    const lines = [{ text: 'a', to: ['alice', 'carol'], id: 'x' }, { text: 'a', to: ['carol', 'alice'], id: 'x' }, { file: 'a.txt', to: 'alice', id: 'y' }, { file: './a.txt', to: 'alice', id: 'y', expires: '7d' }];
    const { result, items } = await sendAll(bob, lines, { folder: world.folder, expires: '7d' });
    expect(result).toMatchObject({ total: 4, sent: 2, repeated: 2, failed: 0 });
    expect(new Set(items.map(({ cid }) => cid)).size).toBe(2);
    expect(await told(alice)).toHaveLength(2);
  });

  it('sends nothing when one id is on lines that differ, and names all of them', async () => {
    const { world, alice, bob } = await trio();
    await writeFile(join(world.folder, 'a.txt'), 'a');
    const first = { text: 'a', to: 'alice', id: 'x' };
    for (const other of [{ ...first, text: 'b' }, { ...first, to: 'carol' }, { ...first, to: ['alice', 'carol'] }, { ...first, expires: '3d' }, { ...first, receipt: 'opened' }, { file: 'a.txt', to: 'alice', id: 'x' }]) {
      const error = await sendAll(bob, [{ text: 'good', to: 'alice', id: 'y' }, first, first, other], { folder: world.folder }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'E_BATCH_LIST', exit: 2, details: { bad: 2, total: 4, lines: [{ line: 2, id: 'x', code: 'E_ID_CONFLICT' }, { line: 4, id: 'x', code: 'E_ID_CONFLICT' }] } });
      expect(JSON.stringify((error as OmniplexError).details['lines'])).toContain('lines 2 and 4');
    }
    expect(await told(alice)).toHaveLength(0);
  });

  it('names an id that was used for other content before as the operator does, and asks for no repetition', async () => {
    const { alice, bob } = await trio();
    await sendAll(bob, [{ text: 'a', to: 'alice', id: 'x' }]);
    const lines = [{ text: 'b', to: 'alice', id: 'x' }, { text: 'c', to: 'alice', id: 'y' }];
    const { result, error } = await sendAll(bob, lines);
    expect(result).toMatchObject({ sent: 1, failed: 1, failures: [{ line: 1, id: 'x', code: 'E_ID_CONFLICT', message: expect.stringContaining('"x"') as unknown }] });
    expect(error).toMatchObject({ code: 'E_INCOMPLETE', retry: 'no', hint: expect.stringContaining('new id') as unknown });
    expect(error?.hint).not.toContain('the same list');
    // The store, where two sends of one id may meet, knows a hash of it only.
    const { hot } = await bob.app.store();
    const commit = hot.commit.bind(hot);
    hot.commit = async (...given) => {
      if (given[0].operation !== undefined) throw fail('E_ID_CONFLICT', { id: '5bb9e6ee6a561363' });
      return commit(...given);
    };
    const raced = await sendAll(bob, [{ text: 'd', to: 'alice', id: 'z' }]);
    expect(raced).toMatchObject({ result: { failures: [{ id: 'z', code: 'E_ID_CONFLICT', message: expect.stringContaining('"z"') as unknown }] }, error: { retry: 'no' } });
    expect(raced.items[0]?.error?.message).toContain('"z"');
    expect(await told(alice)).toHaveLength(2);
  });

  it('adds the recipients of the run to those of each line', async () => {
    const { alice, bob, carol } = await trio();
    const { result } = await sendAll(bob, [{ text: 'a', to: 'alice' }, { text: 'b', to: ['carol', 'alice'] }, { text: 'c' }], { to: ['carol'] });
    expect(result.sent).toBe(3);
    expect(await told(alice)).toHaveLength(2);
    expect(await told(carol)).toHaveLength(3);
  });

  it('warns of a contact once', async () => {
    const { alice, bob } = await trio();
    await sendAll(bob, Array.from({ length: 20 }, () => ({ text: 'a', to: 'alice' })), { expires: 'never' });
    expect(bob.warnings).toHaveLength(1);
    expect(await told(alice)).toHaveLength(20);
  });

  it('of nothing is nothing', async () => {
    const { bob } = await trio();
    for (const lines of [[], ['', '  ', '\r']]) {
      expect(await sendAll(bob, lines)).toMatchObject({ changed: false, result: { total: 0, sent: 0, failed: 0 }, items: [] });
    }
  });

  it('to a passphrase needs no names, and one argon2 for all', async () => {
    const { alice, bob } = await trio();
    const crypto = await bob.app.crypto();
    using passphrase = new Passphrase(crypto, secretOf('open sesame'), { memoryKib: 64, passes: 1, lanes: 1 });
    await expect(sendAll(bob, [{ text: 'a', to: 'alice' }, { text: 'b' }], { passphrase })).rejects.toMatchObject({ code: 'E_BATCH_LIST', details: { lines: [{ line: 1, code: 'E_USAGE' }] } });
    const { result, items } = await sendAll(bob, [{ text: 'b' }, { text: 'c' }], { passphrase });
    expect(result).toMatchObject({ sent: 2, failed: 0 });
    expect(new Set(items.map(({ cid }) => cid)).size).toBe(2);
    expect(await told(alice)).toEqual([]);
  });

  it('stops where the next line would fail the same way, and says how many are left', async () => {
    const { alice, bob } = await trio();
    const { hot } = await bob.app.store();
    const put = hot.put.bind(hot);
    let puts = 0;
    hot.put = (blocks, signal) => (++puts > 100 ? Promise.reject(fail('E_DISK_FULL', { path: 'here' })) : put(blocks, signal));
    const { result, error, items } = await sendAll(bob, Array.from({ length: 500 }, (_, i) => ({ text: `${i}`, to: 'alice' })));
    expect(error).toMatchObject({ code: 'E_INCOMPLETE' });
    expect(result).toMatchObject({ total: 500, sent: 100, failed: 400, reasons: { E_DISK_FULL: 400 } });
    expect(items.filter(({ ok }) => ok)).toHaveLength(100);
    expect(result.untried).toEqual({ count: 500 - items.length, first: items.length + 1, last: 500, code: 'E_DISK_FULL' });
    expect(result.failures.map(({ line }) => line)).toEqual(items.filter(({ ok }) => !ok).map(({ line }) => line));
    expect(items.length).toBeLessThan(200);
    expect(await told(alice)).toHaveLength(100);
  });

  it('ends with the report of what was done when it is interrupted', async () => {
    const { alice, bob } = await trio();
    const abort = new AbortController();
    const items: BatchItem[] = [];
    const lines = Array.from({ length: 500 }, (_, i) => ({ text: `${i}`, to: 'alice' }));
    const onItem = (item: BatchItem): void => {
      items.push(item);
      if (items.length === 70) abort.abort(fail('E_INTERRUPTED'));
    };
    const { result, error } = await bob.app.sendBatch({ list: listOf(lines), folder: '/', signal: abort.signal, onItem });
    expect(error).toEqual(refused('E_INTERRUPTED'));
    expect(result.sent).toBe((await told(alice)).length);
    expect(result.sent).toBeGreaterThanOrEqual(70);
    expect(result.sent + result.failed).toBe(500);
  });

  it('says when a durability was not reached', async () => {
    const { bob } = await trio();
    (await bob.app.store()).coldTier('files').put = () => Promise.reject(fail('E_DISK_FULL', { path: 'cold' }));
    const { result, error, items } = await sendAll(bob, [{ text: 'a', to: 'alice' }, { text: 'b', to: 'alice' }], { durability: 'cold' });
    expect(result).toMatchObject({ total: 2, sent: 2, failed: 0, reasons: { E_DURABILITY: 2 } });
    expect(error).toMatchObject({ code: 'E_INCOMPLETE', retry: 'no' }); // without ids it would be sent twice
    expect(items.every(({ ok, cid }) => !ok && cid !== undefined)).toBe(true);
  });

  it('that repeats what was cancelled since does not pass for sent', async () => {
    const { alice, bob } = await trio();
    const lines = [{ id: 'a', text: 'a', to: 'alice' }, { id: 'b', text: 'b', to: 'alice' }];
    await sendAll(bob, lines);
    await bob.app.outbox.cancel('a');
    const { result, error, changed } = await sendAll(bob, lines);
    expect(changed).toBe(false);
    expect(result).toMatchObject({ total: 2, sent: 0, repeated: 2, failed: 0, reasons: { E_CANCELLED: 1 }, failures: [{ line: 1, id: 'a', code: 'E_CANCELLED' }] });
    expect(error).toMatchObject({ code: 'E_INCOMPLETE', hint: expect.stringContaining('new ids') as unknown });
    expect(await told(alice)).toHaveLength(1);
  });
});
