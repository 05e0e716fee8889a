/** A stick as transport: export and import through the built command line. Keys stay closed: no passphrase is ever given. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createStore, openStore } from '../../src/core/storage/store.ts';
import { seeded } from '../core/storage/blocks.ts';
import { openTerminal } from '../support/pty.ts';
import { couple, post, read } from '../support/post.ts';
import { ROOT, run, runProcess, type RunOptions } from '../support/run.ts';
import { answerOf } from '../support/stored.ts';

const NEVER = 'bafyreid5c2n7s3nqzzyjszvrbbhndsxmbfvv2c6ka7vbfxcmyxvqs4uiam';

/** Bob's store, and one of alice's that nothing connects with it but files in a folder. */
async function apart() {
  const { world, alice, bob } = await couple();
  const far = join(world.folder, 'far');
  await createStore(far);
  const options = (home: string, store: string): RunOptions => ({ cwd: world.folder, env: { HOME: world.folder, OMNIPLEX_HOME: home, OMNIPLEX_STORE: store } });
  return {
    ...{ world, alice, bob, far, folder: world.folder },
    bobs: (args: readonly string[]) => run(args, options(bob.home, world.store)),
    alices: (args: readonly string[], more: RunOptions = {}) => run(args, { ...options(alice.home, far), ...more }),
    bobsEnv: options(bob.home, world.store),
    alicesEnv: options(alice.home, far),
  };
}

const carsIn = async (folder: string): Promise<string[]> => (await readdir(folder)).filter((name) => name.includes('.car')).toSorted();

describe('export and import', () => {
  it('carries what waits for a contact with my bundle, and the second import is nothing new', async () => {
    const { alice, bob, bobs, alices, far } = await apart();
    const cid = await post(bob, ['alice'], seeded('plan', 600_000), { name: 'plan.pdf' });
    const out = await answerOf('store export', await bobs(['store', 'export', '--for', 'alice', '--out', 'to-alice.car', '--json']));
    expect(out).toMatchObject({ code: 0, problems: [], document: { changed: true, result: { files: [{ path: 'to-alice.car' }], messages: 1, receipts: 0, bundle: 'bob', for: [{ name: 'alice', messages: 1 }] } } });
    const [first, second] = [await alices(['store', 'import', 'to-alice.car', '--json']), await alices(['store', 'import', 'to-alice.car', '--json'])];
    expect(await answerOf('store import', first)).toMatchObject({
      ...{ code: 0, problems: [] },
      document: { changed: true, result: { files: 1, messages: 1, stored: 1, forMe: [{ name: 'alice', messages: 1, receipts: 0 }], introductions: [{ name: 'bob', contact: 'bob' }], incomplete: [], refused: [] } },
    });
    expect(await answerOf('store import', second)).toMatchObject({ code: 0, problems: [], document: { changed: false, result: { messages: 1, stored: 0 } } });
    const app = await alice.again({ store: far });
    expect((await read({ app }, cid)).content).toEqual(seeded('plan', 600_000));
  });

  it('needs no home but one that somebody named: the store takes in what it cannot put a name to', async () => {
    const { alice, bob, bobs, far, folder } = await apart();
    const cid = await post(bob, ['alice'], seeded('plan', 300_000));
    await bobs(['store', 'export', '--for', 'alice', '--out', 'to-alice.car']);
    const keyless = (more: readonly string[], env: RunOptions['env'] = {}) => run(['store', 'import', 'to-alice.car', '--store', far, '--json', ...more], { cwd: folder, env: { HOME: join(folder, 'nobody'), ...env } });
    for (const ran of [keyless(['--home', 'none']), keyless([], { OMNIPLEX_HOME: '/none' })]) {
      expect((await answerOf('store import', await ran)).document).toMatchObject({ ok: false, error: { code: 'E_NO_HOME' } });
    }
    expect(await answerOf('store import', await keyless([]))).toMatchObject({
      ...{ code: 0, problems: [] },
      document: { changed: true, warnings: [{ code: 'W_NO_HOME' }], result: { messages: 1, stored: 1, forMe: null, introductions: [{ name: 'bob', contact: null }] } },
    });
    expect(await readdir(folder)).not.toContain('nobody');
    const app = await alice.again({ store: far });
    expect((await read({ app }, cid)).content).toEqual(seeded('plan', 300_000));
  });

  it('takes in nothing when one of several files is not there', async () => {
    const { bob, bobs, alices } = await apart();
    const cid = (await post(bob, ['alice'], 'one')).toString();
    await bobs(['store', 'export', cid, '--out', 'a.car']);
    expect((await answerOf('store import', await alices(['store', 'import', 'a.car', 'none.car', '--json']))).document).toMatchObject({ changed: false, error: { code: 'E_NOT_FOUND', details: { what: 'none.car' } } });
    expect((await alices(['store', 'list'])).stdout).not.toContain(cid);
  });

  it('goes through a pipe, and not to a terminal', async () => {
    const { bob, bobs, alices, bobsEnv, alicesEnv, world } = await apart();
    const cid = (await post(bob, ['alice'], seeded('piped', 300_000))).toString();
    const omniplex = `'${process.execPath}' '${join(ROOT, 'bin', 'run.js')}'`;
    const line = `${omniplex} store export ${cid} --out - | OMNIPLEX_HOME='${alicesEnv.env?.['OMNIPLEX_HOME']}' OMNIPLEX_STORE='${alicesEnv.env?.['OMNIPLEX_STORE']}' ${omniplex} store import - --json; echo "\${PIPESTATUS[*]}"`;
    const { stdout } = await runProcess('bash', ['-c', line], bobsEnv);
    const [document = '', codes] = stdout.split('\n');
    expect([codes, JSON.parse(document)]).toMatchObject(['0 0', { ok: true, result: { stored: 1, forMe: [{ name: 'alice' }] } }]);
    expect((await alices(['store', 'list'])).stdout).toBe(`${cid}\n`);
    // a message goes the same way as it is sent
    await writeFile(join(world.folder, 'pass'), 'bob\n', { mode: 0o600 });
    const sending = `printf x | ${omniplex} send - --name data.bin --to alice --allow-unverified --introduce --passphrase-file pass --out - 2>said | ${line.split(' | ').slice(1).join(' | ')}`;
    const [arrived = '', ends] = (await runProcess('bash', ['-c', sending], bobsEnv)).stdout.split('\n');
    expect([ends, JSON.parse(arrived)]).toMatchObject(['0 0 0', { ok: true, result: { stored: 1, forMe: [{ name: 'alice' }], introductions: [{ contact: 'bob' }] } }]);
    const said = await readFile(join(world.folder, 'said'), 'utf8');
    expect(said).toMatch(/^sealed data\.bin 1 B/m);
    expect(said).toMatch(/^stdout /m);
    expect(said).not.toContain('safe to remove');
    expect(await readdir(world.folder)).not.toContain('-');
    const terminal = openTerminal(['store', 'export', cid, '--out', '-'], { env: bobsEnv.env!, cwd: world.folder });
    expect((await terminal.done).code).toBe(2);
    expect(terminal.text()).toContain('E_BINARY_TTY');
    const keyboard = openTerminal(['store', 'import', '-'], { env: alicesEnv.env!, cwd: world.folder });
    expect((await keyboard.done).code).toBe(2);
    expect((await bobs(['store', 'export', cid, '--out', '-', '--split', '64KiB'])).code).toBe(2);
    expect((await bobs(['store', 'export', cid, '--out', '-', '--json'])).code).toBe(2);
  });

  it('splits, takes the pieces in any order, and says what is still missing', async () => {
    const { bob, bobs, alices, folder } = await apart();
    const cid = (await post(bob, ['alice'], seeded('big', 3_000_000))).toString();
    const split = await answerOf('store export', await bobs(['store', 'export', cid, '--split', '1MiB', '--out', 'big.car', '--json']));
    expect(split).toMatchObject({ code: 0, problems: [] });
    const cars = await carsIn(folder);
    expect(cars.length).toBeGreaterThan(2);
    for (const car of cars) expect((await stat(join(folder, car))).size).toBeLessThanOrEqual(1_048_576);
    const [last, ...others] = cars.toReversed();
    expect(await answerOf('store import', await alices(['store', 'import', last!, '--json']))).toMatchObject({
      ...{ code: 12, problems: [] },
      document: { ok: false, changed: true, result: { messages: 0, stored: 0, incomplete: [{ cid }] }, error: { code: 'E_INCOMPLETE', retry: 'no' } },
    });
    expect((await answerOf('store import', await alices(['store', 'import', last!, '--json']))).document).toMatchObject({ changed: false, result: { stored: 0, incomplete: [{ cid }] } });
    expect((await alices(['store', 'list'])).stdout).toBe('');
    expect(await answerOf('store import', await alices(['store', 'import', ...others, '--json']))).toMatchObject({ code: 0, problems: [], document: { changed: true, result: { stored: 1, incomplete: [] } } });
    expect((await answerOf('store import', await alices(['store', 'import', ...cars, '--json']))).document).toMatchObject({ ok: true, changed: false, result: { messages: 1, stored: 0 } });
    expect((await alices(['store', 'verify', cid])).code).toBe(0);
  });

  it('brings nothing of a file that is cut, damaged or none at all', async () => {
    const { bob, bobs, alices, folder, far } = await apart();
    const cid = (await post(bob, ['alice'], seeded('damaged', 300_000))).toString();
    await bobs(['store', 'export', cid, '--out', 'good.car']);
    const good = await readFile(join(folder, 'good.car'));
    const flipped = Uint8Array.from(good);
    flipped[good.length - 1_000]! ^= 1;
    const files = { cut: good.subarray(0, good.length - 300), flipped, empty: new Uint8Array(0), text: Buffer.from('this is no CAR'), more: Buffer.concat([good, Buffer.from([0])]) };
    for (const [name, bytes] of Object.entries(files)) {
      await writeFile(join(folder, name), bytes);
      const { code, problems, document } = await answerOf('store import', await alices(['store', 'import', name, '--json']));
      expect.soft([name, code, problems, document.ok]).toEqual([name, 7, [], false]);
    }
    expect((await alices(['store', 'list'])).stdout).toBe('');
    const store = await openStore(far);
    expect(await store.locks.list()).toEqual([]);
    await store.close();
  });

  it('refuses before it writes anything, and leaves no file', async () => {
    const { bob, bobs, alices, folder } = await apart();
    const cid = (await post(bob, ['alice'], seeded('refused', 300_000))).toString();
    const cases: readonly (readonly [number, string, readonly string[]])[] = [
      [2, 'E_USAGE', ['--out', 'x.car']],
      [2, 'E_USAGE', [cid]],
      [2, 'E_USAGE', [cid, '--for', 'alice', '--out', 'x.car']],
      [2, 'E_USAGE', [cid, '--split', '1KiB', '--out', 'x.car']],
      [2, 'E_CID_INVALID', ['alice', '--out', 'x.car']],
      [5, 'E_NOT_FOUND', [cid, NEVER, '--out', 'x.car']],
      [5, 'E_NAME_UNKNOWN', ['--for', 'nobody', '--for', 'alice', '--out', 'x.car']],
    ];
    for (const [exit, code, args] of cases) {
      const { problems, document, code: ended } = await answerOf('store export', await bobs(['store', 'export', ...args, '--json']));
      expect.soft([args, ended, document.error?.code, problems]).toEqual([args, exit, code, []]);
    }
    expect(await carsIn(folder)).toEqual([]);
    await writeFile(join(folder, 'there.car'), 'mine');
    expect(await answerOf('store export', await bobs(['store', 'export', cid, '--out', 'there.car', '--json']))).toMatchObject({ code: 6, problems: [], document: { error: { code: 'E_EXISTS' } } });
    expect(await readFile(join(folder, 'there.car'), 'utf8')).toBe('mine');
    expect(await answerOf('store import', await alices(['store', 'import', 'none.car', '--json']))).toMatchObject({ code: 5, problems: [], document: { error: { code: 'E_NOT_FOUND' } } });
    expect(await answerOf('store import', await alices(['store', 'import', '--json']))).toMatchObject({ code: 2, problems: [] });
  });
});
