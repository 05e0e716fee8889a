/** Layout and numbers for people, as pure functions. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runbookSections } from '../../src/cli/explain.ts';
import { count, percent, when } from '../../src/cli/human.ts';
import { settingText } from '../../src/cli/config-view.ts';
import { progressText } from '../../src/cli/progress.ts';
import { parseRange } from '../../src/cli/shared.ts';
import { fitted } from '../../src/cli/table.ts';
import { colorOn, flowed, harmless, paintOf, symbolsOf, width } from '../../src/cli/theme.ts';
import { topics } from '../../src/cli/topics.ts';
import Help from '../../src/commands/help.ts';
import { suggestions } from '../../src/hooks/command_not_found.ts';

describe('widths', () => {
  it('counts columns, not characters or colours', () => {
    expect(width('abc')).toBe(3);
    expect(width(paintOf(true).bad('abc'))).toBe(3);
    expect(width('日本')).toBe(4);
    expect(width('e\u0301')).toBe(1);
    expect(width('')).toBe(0);
  });

  it('fits a table by making columns of prose narrower, the widest first, or says that it does not fit', () => {
    const code = (natural: number) => ({ natural, least: natural });
    const prose = (natural: number, least: number) => ({ natural, least });
    expect(fitted([code(5), code(59), code(8)], Infinity)).toEqual([5, 59, 8]);
    expect(fitted([code(5), code(59), code(8)], 76)).toEqual([5, 59, 8]);
    expect(fitted([code(5), code(59), code(8)], 75)).toBeUndefined();
    expect(fitted([code(5), prose(59, 16), code(8)], 40)).toEqual([5, 23, 8]);
    expect(fitted([code(5), prose(59, 24), code(8)], 40)).toBeUndefined();
    expect(fitted([prose(40, 16), prose(30, 16)], 50)).toEqual([24, 24]);
    const room = fc.tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 90 })).map(([natural, least]) => ({ natural, least: Math.min(natural, least) }));
    fc.assert(
      fc.property(fc.array(room, { minLength: 1, maxLength: 6 }), fc.integer({ min: 20, max: 200 }), (rooms, columns) => {
        const widths = fitted(rooms, columns);
        const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 2 * (all.length - 1));
        expect(widths === undefined).toBe(sum(rooms.map(({ least }) => least)) > columns);
        if (widths === undefined) return;
        expect(sum(widths)).toBeLessThanOrEqual(columns);
        for (const [at, { natural, least }] of rooms.entries()) {
          expect(widths[at]).toBeLessThanOrEqual(natural);
          expect(widths[at]).toBeGreaterThanOrEqual(least);
        }
      }),
    );
  });
});

describe('text for a terminal', () => {
  it('keeps our colours and shows everything else that a terminal would obey', () => {
    const { bad, bold } = paintOf(true);
    expect(harmless(bold(bad('x')))).toBe(bold(bad('x')));
    expect(harmless('a\tb\nc')).toBe('a\tb\nc');
    expect(harmless('\u001b[2J')).toBe('\\u{1b}[2J');
    expect(harmless('\u001b[31;5m')).toBe('\\u{1b}[31;5m');
    expect(harmless('\r\u0007\u0000')).toBe('\\u{d}\\u{7}\\u{0}');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // oxlint-disable-next-line no-control-regex -- that is what must not be there
        expect(harmless(text).replace(/\u001b\[\d\d?m/g, '')).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
      }),
    );
  });

  it('is coloured by flag, FORCE_COLOR, NO_COLOR, TERM, terminal, in that order', () => {
    expect(colorOn('always', { NO_COLOR: '1' }, false)).toBe(true);
    expect(colorOn('never', { FORCE_COLOR: '1' }, true)).toBe(false);
    expect(colorOn('auto', { FORCE_COLOR: '1', NO_COLOR: '1' }, false)).toBe(true);
    expect(colorOn('auto', { FORCE_COLOR: '0' }, true)).toBe(false);
    expect(colorOn('auto', { FORCE_COLOR: 'false' }, true)).toBe(false);
    expect(colorOn('auto', { FORCE_COLOR: '0', NO_COLOR: '1' }, true)).toBe(false);
    expect(colorOn('auto', { FORCE_COLOR: 'true', TERM: 'dumb' }, false)).toBe(true);
    expect(colorOn('auto', { FORCE_COLOR: '', NO_COLOR: '1' }, true)).toBe(false);
    expect(colorOn('auto', { FORCE_COLOR: '', NO_COLOR: '' }, true)).toBe(true);
    expect(colorOn('auto', { FORCE_COLOR: '' }, false)).toBe(false);
    expect(colorOn('auto', { FORCE_COLOR: '', TERM: 'dumb' }, true)).toBe(false);
    expect(colorOn('auto', { NO_COLOR: '1' }, true)).toBe(false);
    expect(colorOn('auto', { NO_COLOR: '' }, true)).toBe(true);
    expect(colorOn('auto', { TERM: 'dumb' }, true)).toBe(false);
    expect(colorOn('auto', {}, false)).toBe(false);
  });

  it('has ASCII symbols where the locale is not UTF-8', () => {
    expect(symbolsOf({ LANG: 'C.UTF-8' }).ok).toBe('✓');
    expect(symbolsOf({ LANG: 'C.UTF-8', LC_ALL: 'C' }).ok).toBe('+');
    expect(symbolsOf({}).arrow).toBe('->');
  });
});

describe('numbers', () => {
  it('are grouped, counted and dated by hand', () => {
    expect([count(1, 'message'), count(1_204_000, 'message'), count(2, 'entry', 'entries')]).toEqual(['1 message', '1,204,000 messages', '2 entries']);
    expect([when('2026-11-24T08:39:12.345Z'), when(0), when(null), when(Date.UTC(2026, 0, 2))]).toEqual(['2026-11-24 08:39Z', '-', '-', '2026-01-02 00:00Z']);
    expect([percent(0), percent(0.034), percent(0.5), percent(1)]).toEqual(['0 %', '3.4 %', '50 %', '100 %']);
  });

  it('of settings are shown as config set takes them', () => {
    const shown = [['hot.budget', 8 * 1024 ** 3], ['hot.budget', 5_000_001], ['lock.wait', 90_000], ['as', null], ['padding', 'padme']] as const;
    expect(shown.map(([key, value]) => settingText({ key, value, origin: null }))).toEqual(['8GiB', '5000001B', '1m30s', '-', 'padme']);
  });

  it('say how far work is', () => {
    const options = { what: 'sealing plan.pdf', unit: 'bytes', total: 4 * 1024 ** 2 } as const;
    expect(progressText(options, 1024 ** 2, 1_000)).toBe('sealing plan.pdf  25 %  1.0 MiB of 4.0 MiB  1.0 MiB/s  3s left');
    expect(progressText(options, 1024 ** 2, 1_000, 57)).toBe('sealing plan.pdf  25 %  1.0 MiB of 4.0 MiB  3s left');
    expect(progressText(options, 1024 ** 2, 1_000, 37)).toBe('sealing plan.pdf  25 %  3s left');
    expect(progressText({ ...options, total: undefined }, 1024 ** 2, 1_000, 30)).toBe('sealing plan.pdf  1.0 MiB');
    expect(progressText({ ...options, total: undefined }, 1024 ** 2, 1_000)).toBe('sealing plan.pdf  1.0 MiB  1.0 MiB/s');
    expect(progressText({ what: 'x', unit: 'items', total: 0 }, 0, 0)).toBe('x  0');
    expect(progressText({ ...options }, 5 * 1024 ** 2, 1_000)).toContain('100 %');
  });
});

describe('--range', () => {
  it.each([
    ['0-0', { first: 0, last: 0 }],
    ['5-99', { first: 5, last: 99 }],
  ])('%s', (text, range) => expect(parseRange(text)).toEqual(range));
  it.each(['', '-', '-5', '5', '7-', '9-5', 'a-b', '1-2-3', '1 - 2', '99999999999999999-', '0-9007199254740992'])('refuses %j', (text) => {
    expect(() => parseRange(text)).toThrow(expect.objectContaining({ code: 'E_USAGE' }) as Error);
  });
});

describe('suggestions', () => {
  const ids = ['context create', 'context list', 'config show', 'send', 'store lock list', 'store lock show'];
  it.each([
    [['contxt', 'list'], ['context list']],
    [['context', 'creat', 'x'], ['context create']],
    [['store', 'lock', 'lst'], ['store lock list']],
    [['sned'], ['send']],
    [['hunter2', 'hunter3'], []],
    [['context', 'hunter2'], []],
    [[], []],
  ])('%j', (words, found) => expect(suggestions(words, ids).slice(0, 1)).toEqual(found));
});

describe('the runbook', () => {
  it('gives each code the sections whose headings name it', () => {
    const sections = runbookSections('# Runbook\n\nintro\n\n## A lock stays (E_LOCKED, E_FENCE_STALE)\n\n1. Look.\n\n```\nomniplex store lock list\n```\n\n## Other\ntext\n');
    expect(sections).toEqual([
      { title: 'A lock stays', codes: ['E_LOCKED', 'E_FENCE_STALE'], steps: ['1. Look.', 'omniplex store lock list'] },
      { title: 'Other', codes: [], steps: ['text'] },
    ]);
    expect(runbookSections('')).toEqual([]);
  });
});

describe('help topics', () => {
  it('are all named by help itself', () => {
    for (const { name } of topics) expect(Help.description).toContain(name);
  });
});

describe('lines that are too long for a terminal', () => {
  it('go on below themselves, broken at spaces and never within a word', () => {
    expect(flowed('error  there is no home at /srv/a/very/long/path', 24)).toBe('error  there is no home\n       at\n       /srv/a/very/long/path');
    expect(flowed('  a plain line that is long', 12)).toBe('  a plain\n  line that\n  is long');
    expect(flowed('bafyreid5c2n7qq3cnbaxcbo3yuzbyqbxk3yfxnhvbgcl3nmhkrqmlvnzae', 20)).toBe('bafyreid5c2n7qq3cnbaxcbo3yuzbyqbxk3yfxnhvbgcl3nmhkrqmlvnzae');
  });

  it('keep their words, spaces between them and colours; what fits is untouched', () => {
    const table = 'NAME   STATE\nalice  verified';
    expect(flowed(table, 15)).toBe(table);
    expect(flowed(table, Infinity)).toBe(table);
    const coloured = '\u001b[31merror\u001b[39m  a b c d e f';
    expect(flowed(coloured, 14)).toBe('\u001b[31merror\u001b[39m  a b c d\n       e f');
    expect(flowed('a  b', 3)).toBe('a\nb');
    expect(flowed('', 5)).toBe('');
  });
});
