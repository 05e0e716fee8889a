import { describe, expect, it } from 'vitest';
import { loadCatalogue } from '../../src/cli/catalogue.ts';
import { installCommands } from '../../src/cli/commands-table.ts';
import { envelopeOf, envelopeSchema, errorBody, schemaId, toJson } from '../../src/cli/envelope.ts';
import { GLOBAL_OPTIONS, GLOBAL_SWITCHES } from '../../src/cli/argv.ts';
import { globalFlags } from '../../src/cli/globals.ts';
import { grouped } from '../../src/cli/groups.ts';
import { commandPage, wrapped } from '../../src/cli/help-text.ts';
import { fail } from '../../src/core/base/errors.ts';
import { partsFromSources } from '../../tools/commands.ts';
import { documentOf, runFixture } from '../support/fixture.ts';
import { freshFolder } from '../support/folder.ts';
import { schemaProblems } from '../support/schema.ts';

const parts = partsFromSources();
installCommands(parts);
const catalogue = await loadCatalogue();
const entryOf = (id: string) => catalogue.find((entry) => entry.id === id)!;
const view = { paint: { bold: (t: string) => t, dim: (t: string) => t, good: (t: string) => t, warn: (t: string) => t, bad: (t: string) => t, mark: (t: string) => t }, symbols: {} as never, terminal: false, columns: Infinity, verbose: false };

describe('the catalogue', () => {
  it('has every command, with what the rules ask of each', () => {
    expect(catalogue.map(({ id }) => id)).toEqual(parts.commands.map(({ id }) => id));
    for (const { id, summary, examples, exits, impact } of catalogue) {
      expect.soft([id, summary.length > 0, examples.length > 0, exits.some(({ exit }) => exit === 0), ['read', 'write', 'destroy'].includes(impact)]).toEqual([id, true, true, true, true]);
    }
  });

  it('gives a flag of one name one letter and one kind of value', () => {
    const byName = Map.groupBy(catalogue.flatMap(({ flags }) => flags), ({ name }) => name);
    for (const [name, flags] of byName) {
      expect.soft([name, new Set(flags.map(({ char }) => char)).size, new Set(flags.map(({ value }) => value === undefined)).size]).toEqual([name, 1, 1]);
    }
  });

  it('has no flag that answers every question, and no secret by value', () => {
    const names = new Set(catalogue.flatMap(({ flags }) => flags.map(({ name }) => name)));
    for (const banned of ['yes', 'force', 'passphrase', 'password', 'token', 'pin', 'secret']) expect(names.has(banned)).toBe(false);
  });

  it('has global flags that the launcher can move behind the words', () => {
    const movable = [...GLOBAL_SWITCHES, ...GLOBAL_OPTIONS];
    for (const [name, { type }] of Object.entries(globalFlags)) {
      if (name === 'help') continue;
      expect.soft(movable).toContain(`--${name}`);
      expect.soft((type === 'boolean' ? GLOBAL_SWITCHES : GLOBAL_OPTIONS).includes(`--${name}`)).toBe(true);
    }
  });

  it('maps ids and schemas one to one', () => {
    expect(new Set(catalogue.map(({ id }) => schemaId(id))).size).toBe(catalogue.length);
    expect(schemaId('store lock list')).toBe('omniplex/store-lock-list/1');
  });

  it('shows every command on the front page, once', () => {
    const shown = grouped(catalogue).flatMap(({ nouns }) => nouns.flatMap(({ commands }) => commands.map(({ id }) => id)));
    expect([...shown].sort()).toEqual(catalogue.map(({ id }) => id).sort());
    expect(grouped([{ id: 'new thing', summary: '' }]).at(-1)?.title).toBe('More');
  });

  it('has a help page with usage, examples, exit codes and impact for each', () => {
    for (const entry of catalogue) {
      const page = commandPage(view, entry).join('\n');
      for (const part of ['USAGE', 'EXAMPLES', 'EXIT CODES', 'IMPACT', `omniplex ${entry.id}`]) expect.soft(page).toContain(part);
    }
  });
});

describe('schemas', () => {
  const runs: readonly (readonly [id: string, args: readonly string[], code: number])[] = [
    ['commands', [], 0],
    ['schema', ['context', 'list'], 0],
    ['explain', ['E_LOCKED'], 0],
    ['explain', ['12'], 0],
    ['explain', ['W_NOISY'], 0],
    ['explain', ['E_NOTHING'], 2],
    ['help', [], 0],
    ['help', ['exit-codes'], 0],
    ['help', ['context', 'create'], 0],
    ['completion', ['zsh'], 0],
    ['config set', ['receipts=never', 'hot.budget=1GiB'], 0],
    ['config set', ['recipts=never'], 2],
    ['config show', [], 0],
    ['config show', ['--origin'], 0],
    ['config remove', ['receipts'], 0],
    ['config lint', ['/dev/null'], 3],
    ['config lint', ['/no/such/file'], 5],
    ['context show', [], 0],
    ['context create', ['a', '--home', '/srv/a', '--env', 'prod', '--select'], 0],
    ['context create', ['a', '--home', '/srv/b'], 6],
    ['context create', ['b', '--node', 'https://n.example'], 0],
    ['context list', [], 0],
    ['context show', [], 0],
    ['context show', ['c'], 5],
    ['context select', ['b'], 0],
    ['context select', ['-'], 0],
    ['context set', ['b', 'as=x'], 0],
    ['context test', ['a'], 5],
    ['context test', ['b'], 5],
    ['context remove', ['a', '--confirm', 'a'], 0],
    ['config show', [], 0],
  ];
  it('hold for what the commands really answer, in success and refusal', async () => {
    const folder = await freshFolder();
    for (const [id, args, code] of runs) {
      const ran = await runFixture([...id.split(' '), ...args, '--json'], { env: { XDG_CONFIG_HOME: folder, HOME: folder } });
      const document = documentOf(ran);
      expect.soft([id, args, ran.code, schemaProblems(entryOf(id), document)]).toEqual([id, args, code, []]);
      expect.soft(document.error?.exit ?? 0).toBe(code);
    }
  });

  it('refuse what is not in them', () => {
    const entry = entryOf('context select');
    const good = envelopeOf('context select', { result: { selected: 'a', previous: null } });
    expect(schemaProblems(entry, good)).toEqual([]);
    for (const bad of [
      { ...good, ok: 1 },
      { ...good, more: 1 },
      { ...good, schema: 'omniplex/other/1' },
      { ...good, result: { selected: 'a' } },
      { ...good, result: { selected: 'a', previous: null, more: 1 } },
      { ...good, error: { code: 'E_X' } },
    ]) {
      expect(schemaProblems(entry, bad)).not.toEqual([]);
    }
    expect(schemaProblems(entry, envelopeOf('context select', { error: errorBody(fail('E_USAGE', { why: 'x' })) }))).toEqual([]);
  });

  it('carry their id and the form of stream items', () => {
    expect(envelopeSchema('a b', { type: 'object' }, { type: 'integer' })).toMatchObject({ $id: 'omniplex/a-b/1', $defs: { item: { type: 'integer' } } });
  });
});

describe('JSON', () => {
  it('never holds bytes, keeps integers, escapes what a terminal would obey', () => {
    expect(toJson({ bytes: new Uint8Array([1, 2]), buffer: Buffer.from('ab'), big: 5n, huge: 2n ** 60n })).toBe('{"bytes":"[2 bytes]","buffer":"[2 bytes]","big":5,"huge":"1152921504606846976"}');
    expect(toJson('\u009b\u202e\u001b')).toBe('"\\u009b\\u202e\\u001b"');
  });
});

describe('wrapping', () => {
  it('loses no word and breaks none', () => {
    const text = 'one two three bafyreid5c2n7qq3cnbaxcbo3yuzbyqbxk3yfxnhvbgcl3nmhkrqmlvnzae four';
    for (const columns of [1, 10, 30, 1_000]) expect(wrapped(text, columns, '  ').map((line) => line.trim()).join(' ')).toBe(text);
    expect(wrapped('', 10)).toEqual([]);
  });
});
