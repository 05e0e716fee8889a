import fc from 'fast-check';
import { expect, test } from 'vitest';
import { facts } from '../../src/cli/facts.ts';
import { table, type Column } from '../../src/cli/table.ts';
import { flow, flowed, paintOf, symbolsOf, width } from '../../src/cli/theme.ts';

const plain = paintOf(false);
const colored = paintOf(true);
const view = (columns: number, paint = plain) => ({ paint, symbols: symbolsOf({ LANG: 'C.UTF-8' }), terminal: columns !== Infinity, columns, verbose: false });
// oxlint-disable-next-line no-control-regex -- that is what is looked for
const bare = (text: string): string => text.replace(/\u001b\[\d+m/g, '');

const rows = [
  { name: 'alice', state: 'opened', at: '2026-11-24 08:39Z', says: 'read it on the train', cid: 'bafy'.repeat(15).slice(0, 59) },
  { name: 'bob', state: 'refused', at: '2026-11-24 08:40Z', says: '', cid: 'bafk'.repeat(15).slice(0, 59) },
];
type Row = (typeof rows)[number];
const columns = (paint: typeof plain): readonly Column<Row>[] => [
  { head: '', label: 'MARK', cell: ({ state }) => (state === 'opened' ? '*' : ' ') },
  { head: 'NAME', cell: ({ name }) => paint.mark(name) },
  { head: 'STATE', cell: ({ state }) => (state === 'opened' ? paint.good(state) : paint.bad(state)) },
  { head: 'AT', cell: ({ at }) => at },
  { head: 'SAYS', cell: ({ says }) => says, prose: true },
  { head: 'CID', align: 'right', cell: ({ cid }) => cid },
];
/** As it comes out: what the output module breaks is broken. */
const seen = async (at: number, paint = plain) => flowed((await table(view(at, paint), rows, columns(paint))).join('\n'), at).split('\n');

test('colour changes no character of a table, wide or narrow', async () => {
  for (const at of [Infinity, 100, 80, 60, 40, 20]) {
    const [with_, without] = [await seen(at, colored), await seen(at)];
    expect(with_.map(bare)).toEqual(without);
    expect(with_.join('\n')).not.toBe(without.join('\n'));
    for (const line of with_) expect(line.includes('\u001b')).toBe(/\u001b\[(?:22|39)m/.test(line));
  }
});

test('in a pipe every cell stands whole on its line', async () => {
  const lines = await table(view(Infinity), rows, columns(plain));
  expect(lines).toHaveLength(3);
  for (const { cid, name, at } of rows) expect(lines.find((line) => line.includes(cid))).toMatch(new RegExp(`${name} .*${at} .*${cid}$`));
});

test('whatever the terminal, a CID and a time are whole, and every cell is there', async () => {
  for (let at = 20; at <= 140; at++) {
    const lines = await seen(at);
    const text = lines.join('\n');
    for (const { cid, at: time, name, state, says } of rows) {
      expect(lines.filter((line) => line.includes(cid))).toHaveLength(1);
      // narrower than its label and a time together
      if (at >= 24) expect(text).toContain(time);
      for (const word of [name, state, ...says.split(' ')]) expect(text).toContain(word);
    }
    if (at >= 59) for (const line of lines) expect(width(line)).toBeLessThanOrEqual(at);
  }
});

test('a table that is too wide wraps its prose, then puts the CID below its row, then tells records', async () => {
  const [alice, bob] = rows as [Row, Row];
  const [short, long] = [rows.map((row) => ({ ...row, cid: row.cid.slice(0, 8) })), rows];
  const lines = async (at: number, of: readonly Row[]) => table(view(at), of, columns(plain));
  expect(await lines(65, short)).toEqual([
    '   NAME   STATE    AT                 SAYS                    CID',
    '*  alice  opened   2026-11-24 08:39Z  read it on the     bafybafy',
    '                                      train',
    '   bob    refused  2026-11-24 08:40Z                     bafkbafk',
  ]);
  expect(await lines(80, long)).toEqual([
    '   NAME   STATE    AT                 SAYS',
    '  CID',
    '*  alice  opened   2026-11-24 08:39Z  read it on the train',
    `  ${alice.cid}`,
    '   bob    refused  2026-11-24 08:40Z',
    `  ${bob.cid}`,
  ]);
  expect(await lines(60, long)).toEqual([
    '   NAME   STATE    AT                 SAYS',
    'CID',
    '*  alice  opened   2026-11-24 08:39Z  read it on the train',
    alice.cid,
    '   bob    refused  2026-11-24 08:40Z',
    bob.cid,
  ]);
  expect(await lines(56, long)).toEqual([
    'MARK   *',
    'NAME   alice',
    'STATE  opened',
    'AT     2026-11-24 08:39Z',
    'SAYS   read it on the train',
    'CID',
    alice.cid,
    '',
    'NAME   bob',
    'STATE  refused',
    'AT     2026-11-24 08:40Z',
    'CID',
    bob.cid,
  ]);
});

test('a cell of several lines, or one that a terminal would obey, is one line that shows it', async () => {
  const of = rows.map((row) => ({ ...row, name: `a\n${row.name}\t\u001b[2J`, says: 'one\u202e\ntwo' }));
  const wide = await table(view(Infinity), of, columns(plain));
  expect(wide).toHaveLength(3);
  expect(wide[1]).toContain('a\\u{a}alice\\u{9}\\u{1b}[2J  opened');
  const below = await table(view(100), of, columns(plain));
  expect(below).toHaveLength(6);
  expect([below[3], below[5]]).toEqual(rows.map(({ cid }) => `  ${cid}`));
});

test('the CID stands below all lines of its row, also where its prose takes several', async () => {
  const of = rows.map((row) => ({ ...row, says: 'read it on the train to the sea' }));
  expect((await table(view(66), of, columns(plain))).slice(2)).toEqual([
    '*  alice  opened   2026-11-24 08:39Z  read it on the train to the',
    '                                      sea',
    `  ${rows[0]!.cid}`,
    '   bob    refused  2026-11-24 08:40Z  read it on the train to the',
    '                                      sea',
    `  ${rows[1]!.cid}`,
  ]);
});

test('no rows, no lines', async () => {
  expect(await table(view(80), [], columns(plain))).toEqual([]);
});

test('a fact whose word has no room beside its label stands below it, whole', () => {
  const cid = rows[0]!.cid;
  expect(facts(view(80), [['identity', cid]])).toEqual([`identity  ${cid}`]);
  expect(facts(view(69), [['identity', cid]])).toEqual([`identity  ${cid}`]);
  expect(facts(view(68), [['identity', cid]])).toEqual(['identity', cid]);
  expect(facts(view(67), [['inboxes', [cid, cid]], ['none', []], ['left out', undefined]])).toEqual(['inboxes', cid, cid]);
  expect(facts(view(40), [['reason', 'some words that do not fit on one line']])).toEqual(['reason  some words that do not fit on', '        one line']);
});

test('a line is broken at spaces only, loses nothing else, and a word that is too long stands alone', () => {
  expect(flow('abc def', 7)).toEqual(['abc def']);
  expect(flow('abc def', 6)).toEqual(['abc', 'def']);
  expect(flow('abc  def', 7, '  ')).toEqual(['abc', '  def']);
  expect(flow(`see ${'x'.repeat(30)} now`, 10)).toEqual(['see', 'x'.repeat(30), 'now']);
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '漢'), minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 12 }), fc.integer({ min: 4, max: 30 }), (words, most) => {
      const lines = flow(words.join(' '), most);
      expect(lines.join(' ')).toBe(words.join(' '));
      for (const line of lines) if (line.includes(' ')) expect(width(line)).toBeLessThanOrEqual(most);
    }),
  );
});
