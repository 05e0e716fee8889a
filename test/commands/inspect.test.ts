/** `omniplex inspect`, built: what it prints, its JSON against its schema, its exit codes. No passphrase is given, so no key can be opened. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { CatalogueEntry } from '../../src/cli/catalogue.ts';
import { sourceCatalogue } from '../../tools/catalogue.ts';
import { documentOf } from '../support/fixture.ts';
import { run } from '../support/run.ts';
import { schemaProblems } from '../support/schema.ts';
import { couple, noise, post } from '../support/post.ts';
import { backupOf, blocks, bundleFileOf, inFile, packetFor, posted } from '../core/inspect/specimens.ts';

let entry: CatalogueEntry;
beforeAll(async () => {
  entry = (await sourceCatalogue()).find(({ id }) => id === 'inspect')!;
});

const kindOf = (result: unknown): string => (result as { readonly kind: string }).kind;

async function inspectJson(args: readonly string[], stdin?: Uint8Array): Promise<{ readonly code: number | null; readonly kind: string | undefined; readonly error: string | undefined }> {
  const ran = await run(['inspect', ...args, '--json'], stdin === undefined ? {} : { stdin });
  const document = documentOf(ran);
  expect(schemaProblems(entry, document)).toEqual([]);
  return { code: ran.code, kind: document.result === undefined ? undefined : kindOf(document.result), error: document.error?.code };
}

describe('every kind', () => {
  test('of a message keeps to the schema', async () => {
    const { world, file, cid } = await posted(noise(700_000));
    expect(await inspectJson([file('to-bob.car')])).toEqual({ code: 0, kind: 'car', error: undefined });
    expect(await inspectJson([file('evidence.car')])).toEqual({ code: 0, kind: 'evidence-car', error: undefined });
    expect(await inspectJson([cid.toString(), '--store', world.store])).toEqual({ code: 0, kind: 'manifest', error: undefined });
  });

  test('of a file keeps to the schema', async () => {
    const { alice, bob, world } = await couple();
    await post(alice, ['bob'], 'hello');
    const packet = await packetFor(bob);
    expect(await inspectJson(['-'], packet)).toEqual({ code: 0, kind: 'packet', error: undefined });
    const at = async (name: string, bytes: Uint8Array): Promise<string> => inFile(join(world.folder, name), bytes);
    expect((await inspectJson([await at('a.bundle', await bundleFileOf(alice))])).kind).toBe('bundle-file');
    await backupOf(alice, join(world.folder, 'a.opb'));
    expect((await inspectJson([join(world.folder, 'a.opb')])).kind).toBe('backup');
    expect((await inspectJson([join(alice.home, 'keyring.opk')])).kind).toBe('key-ring');
    const all = await blocks();
    for (const [name, kind] of Object.entries({ genesis: 'genesis', bundle: 'bundle', revocation: 'revocation', node: 'link-node', ciphertext: 'ciphertext' } as const)) {
      expect(await inspectJson([await at(name, all[name as keyof typeof all])])).toEqual({ code: 0, kind, error: undefined });
    }
  });
});

describe('for people', () => {
  test('it says what is there, whether it is whole, and what cannot be seen', async () => {
    const { file, cid } = await posted(noise(1_000));
    const car = await run(['inspect', file('to-bob.car')]);
    expect(car.code).toBe(0);
    expect(car.stdout).toContain(cid.toString());
    expect(car.stdout).toMatch(/whole[^]*not seen/);
    expect((await run(['inspect', file('evidence.car')])).stdout).toMatch(/1 receipt \(1 opened, 0 received\), each signed; 0 secrets; verified offline/);
  });

  test('a cut CAR shows what could be read, and ends with 7', async () => {
    const { car, world } = await posted(noise(700_000));
    const cut = await inFile(join(world.folder, 'cut.car'), car.subarray(0, car.length - 1_000));
    const { code, stdout, stderr } = await run(['inspect', cut]);
    expect(code).toBe(7);
    expect(stdout).toContain('not intact');
    expect(stderr).toContain('E_FORMAT');
    expect(await inspectJson([cut])).toEqual({ code: 7, kind: 'car', error: 'E_FORMAT' });
  });
});

describe('refusals', () => {
  test.each([
    [['/nonexistent/file'], 5, 'E_NOT_FOUND'],
    [['bafyreid5c2n7s3nqzzyjszvrbbhndsxmbf'], 2, 'E_CID_INVALID'],
    [['bafyreid5c2n7s3nqzzyjszvrbbhndsxmbfvv2c6ka7vbfxcmyxvqs4uiam'], 5, 'E_NO_STORE'],
    [['/etc'], 2, 'E_USAGE'],
    [[], 2, 'E_USAGE'],
  ] as const)('%j ends with %d', async (args, exit, code) => {
    expect(await inspectJson(args)).toEqual({ code: exit, kind: undefined, error: code });
  });

  test('stdin that is nothing of ours ends with 7', async () => {
    expect(await inspectJson(['-'], new Uint8Array(1_000))).toEqual({ code: 7, kind: undefined, error: 'E_FORMAT' });
  });

  test('a version that is newer than this program says so', async () => {
    const { world } = await couple();
    const { genesis } = await blocks();
    const at = genesis.findIndex((byte, i) => byte === 0x76 && genesis[i + 1] === 1);
    genesis[at + 1] = 2;
    const path = join(world.folder, 'newer');
    await writeFile(path, genesis);
    expect(await inspectJson([path])).toEqual({ code: 3, kind: undefined, error: 'E_VERSION_NEWER' });
  });
});
