import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { findingsLines } from '../../src/cli/doctor-view.ts';
import { explanationLines } from '../../src/cli/explain.ts';
import { facts } from '../../src/cli/facts.ts';
import { day, tilde, untilde } from '../../src/cli/human.ts';
import { passedLines } from '../../src/cli/mail-view.ts';
import type { View } from '../../src/cli/output.ts';
import { dateText, fingerprintLines, overText } from '../../src/cli/people-view.ts';
import { paintOf, symbolsOf } from '../../src/cli/theme.ts';
import { warningLines } from '../../src/cli/trouble.ts';
import { warning, type Warning } from '../../src/core/base/errors.ts';

const viewOf = (columns: number): View => ({ paint: paintOf(false), symbols: symbolsOf({}), terminal: columns !== Infinity, columns, verbose: false });
const WORDS = 'amber tulip orbit canoe basil ferry ninth quilt maple siren delta comet';

describe('facts', () => {
  it('stand in two columns, and only in a terminal wrap below themselves', () => {
    const rows = [['a', 'one two three four five six seven'], ['longer', ['x', 'y']], ['none', undefined], ['empty', []]] as const;
    expect(facts(viewOf(Infinity), rows)).toEqual(['a       one two three four five six seven', 'longer  x', '        y']);
    expect(facts(viewOf(32), rows)).toEqual(['a       one two three four five', '        six seven', 'longer  x', '        y']);
  });

  it('are not made narrower than can be read, and no word is cut', () => {
    const cid = 'bafyreid5c2n7qq3cnbaxcbo3yuzbyqbxk3yfxnhvbgcl3nmhkrqmlvnzae';
    expect(facts(viewOf(20), [['identity', cid]])).toEqual(['identity', cid]);
  });
});

describe('announcements that were passed by', () => {
  it('are told with the way to the message where its key is gone, and only there', () => {
    const passed = (code: string) => passedLines(1, [{ cid: 'bafyx', code }], viewOf(Infinity)).join('\n');
    expect(passed('E_NOT_RECIPIENT')).toContain('send it again with a new --id');
    expect(passed('E_PACKET_CRC')).not.toContain('--id');
    expect(passedLines(0, [], viewOf(Infinity))).toEqual([]);
  });
});

describe('an explanation', () => {
  const entry = { code: 'E_X', kind: 'error', text: '{name} is held by {planId}', hint: 'See {name}.', exit: 6, meaning: 'conflict', http: 423, retry: 'yes' } as const;

  it('shows in capitals what an error would name, and never a brace', () => {
    const lines = explanationLines(viewOf(80), { ...entry, runbook: [] });
    expect(lines.slice(0, 2)).toEqual(['E_X', 'NAME is held by PLAN-ID']);
    expect(lines.join('\n')).toContain('See NAME.');
    expect(lines.join('\n')).not.toMatch(/[{}]/);
  });

  it('flows each step of the runbook under its number, and leaves commands on lines of their own', () => {
    const steps = ['1. A holder that hangs blocks others', '   until its lease ends.', '2. Break it.', 'omniplex store lock list', '   --context prod', '- not a step'];
    const lines = explanationLines(viewOf(40), { ...entry, runbook: [{ title: 'A lock', steps }] });
    expect(lines.slice(lines.indexOf('A lock'))).toEqual(['A lock', '1. A holder that hangs blocks others', '   until its lease ends.', '2. Break it.', 'omniplex store lock list', '   --context prod', '- not a step']);
    const wide = explanationLines(viewOf(80), { ...entry, runbook: [{ title: 'A lock', steps }] });
    expect(wide).toContain('1. A holder that hangs blocks others until its lease ends.');
  });
});

describe('warnings', () => {
  it('that say the same are told once, and others each', () => {
    const [one, two, other] = [{ cid: 'a', sender: 'bob' }, { cid: 'b', sender: 'bob' }, { cid: 'c', sender: 'eve' }].map((details) => warning('W_SENDER_UNVERIFIED', details)) as [Warning, Warning, Warning];
    expect(warningLines([one, two, other], viewOf(80))).toEqual([expect.stringContaining('bob'), expect.stringContaining('eve')]);
  });
});

describe('a fingerprint', () => {
  it('is three groups of four words, on one line or three', () => {
    expect(fingerprintLines(WORDS, 80)).toBe('amber tulip orbit canoe / basil ferry ninth quilt / maple siren delta comet');
    expect(fingerprintLines(WORDS, 60)).toEqual(['amber tulip orbit canoe /', 'basil ferry ninth quilt /', 'maple siren delta comet']);
  });
});

describe('dates and paths', () => {
  it('that have passed or soon will have say so', () => {
    const at = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
    expect(dateText(undefined, viewOf(80))).toBe('-');
    expect(dateText(at(-1), viewOf(80))).toBe(`${day(at(-1))} (over)`);
    expect(dateText(at(3), viewOf(80))).toBe(`${day(at(3))} (soon)`);
    expect(dateText(at(60), viewOf(80))).toBe(day(at(60)));
    expect(overText({ expires: at(-1) }, viewOf(80))).toBe(`, bundle until ${day(at(-1))} (over)`);
    expect(overText({ expires: at(3) }, viewOf(80))).toBe('');
  });

  it('below the home directory begin with ~, and come back from it', () => {
    expect(tilde(`${homedir()}/x`)).toBe('~/x');
    expect(tilde(`${homedir()}-not/x`)).toBe(`${homedir()}-not/x`);
    expect([untilde('~/x'), untilde('~'), untilde('~x'), untilde('/x/~')]).toEqual([`${homedir()}/x`, homedir(), '~x', '/x/~']);
  });
});

describe('findings', () => {
  const finding = { check: 'home', says: 'there is no home at /srv/op', verdict: 'fail', advice: 'Create one with `omniplex init`.', code: 'E_NO_HOME', about: [] } as const;

  it('say the verdict, the name, and below what to do', () => {
    expect(findingsLines([finding], viewOf(Infinity))).toEqual(['fail  home             there is no home at /srv/op (E_NO_HOME)', '                       -> Create one with `omniplex init`.']);
    expect(findingsLines([{ ...finding, verdict: 'warn', about: ['ada', 'ben'], code: null, advice: null }], viewOf(Infinity))).toEqual(['warn  home             there is no home at /srv/op: ada, ben']);
  });

  it('that were passed over for one reason share a line, in their place', () => {
    const skipped = (check: string) => ({ check, says: 'not looked at', verdict: 'skip', advice: null, code: null, about: [] }) as const;
    expect(findingsLines([skipped('a'), finding, skipped('b')], viewOf(Infinity)).map((line) => line.trim())).toEqual([
      'skip  2 checks         not looked at: a, b',
      'fail  home             there is no home at /srv/op (E_NO_HOME)',
      '-> Create one with `omniplex init`.',
    ]);
  });

  it('fit a narrow terminal', () => {
    for (const columns of [50, 60, 80]) {
      for (const line of findingsLines([{ ...finding, about: Array.from({ length: 20 }, (_, at) => `name-${at}`) }], viewOf(columns))) expect(line.length).toBeLessThanOrEqual(columns);
    }
  });
});
