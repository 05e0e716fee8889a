import { describe, expect, it } from 'vitest';
import { documentOf, runFixture } from '../support/fixture.ts';
import { freshFolder } from '../support/folder.ts';

const CANARY = 'correct-horse-battery-staple';

describe('one JSON document', () => {
  it('answers success with schema, ok, changed, result and warnings', async () => {
    const ran = await runFixture(['fixture', 'give', '{"a":1}', '--changed', '--warn', '--json']);
    expect(documentOf(ran)).toMatchObject({ schema: 'omniplex/fixture-give/1', ok: true, changed: true, result: { value: { a: 1 } }, warnings: [{ code: 'W_NOISY' }] });
    expect([ran.code, ran.stderr]).toEqual([0, '']);
  });

  it('keeps a result that is falsy', async () => {
    for (const value of ['0', 'false', 'null', '""', '[]']) {
      const ran = await runFixture(['fixture', 'bare', value, '--json']);
      expect(documentOf(ran)).toHaveProperty('result', JSON.parse(value));
      const human = await runFixture(['fixture', 'bare', value]);
      expect(human.stdout).toBe(`bare ${value}\n`);
    }
  });

  it('has result and error where the work stands', async () => {
    const ran = await runFixture(['fixture', 'wrong', 'partial', '--json']);
    expect(documentOf(ran)).toMatchObject({ ok: false, changed: true, result: { value: 3 }, error: { code: 'E_INCOMPLETE', exit: 12 } });
    expect(ran.code).toBe(12);
  });

  it('answers a refusal', async () => {
    const ran = await runFixture(['fixture', 'wrong', 'locked', '--json']);
    expect(documentOf(ran)).toMatchObject({ ok: false, changed: false, error: { code: 'E_LOCKED', exit: 6, details: { name: 'x', holder: 'y' } } });
    expect(documentOf(ran)).not.toHaveProperty('result');
    expect([ran.code, ran.stderr]).toEqual([6, '']);
  });

  const usageErrors: readonly (readonly string[])[] = [
    ['fixture', 'give', '--json'],
    ['fixture', 'give', '1', '2', '--json'],
    ['fixture', 'give', '1', '--nope', '--json'],
    ['fixture', 'give', '1', '--pick', 'three', '--json'],
    ['fixture', 'give', '1', '--n', '10', '--json'],
    ['fixture', 'give', '1', '--n', '--json'],
    ['fixture', 'give', '1', '--n', '1', '--n', '2', '--json'],
    ['fixture', 'give', '1', '--needs', 'x', '--json'],
    ['fixture', 'give', '1', '--lone', 'x', '--pick', 'one', '--json'],
    ['fixture', 'give', '1', '--out', '-', '--json'],
    ['fixture', 'give', '1', '--timeout', 'soon', '--json'],
    ['fixture', 'give', '1', '--range', '5-1', '--json'],
    ['fixture', 'give', '1', '--tier', 'hot,lukewarm', '--json'],
    ['fixture', 'give', '1', '--constructor', '--json'],
    ['fixture', 'give', '1', '--__proto__', '--json'],
    ['fixture', 'give', '', '--json'],
    ['fixture', '--json'],
    ['nonsense', '--json'],
    ['--json', 'nonsense'],
    ['--json'],
  ];
  it.each(usageErrors.map((args) => [args.join(' '), args] as const))('answers the usage error of %s', async (_name, args) => {
    const ran = await runFixture(args);
    expect(documentOf(ran)).toMatchObject({ ok: false, changed: false, error: { code: 'E_USAGE', exit: 2 } });
    expect([ran.code, ran.stderr]).toEqual([2, '']);
  });

  it('answers help', async () => {
    for (const args of [['--help'], ['fixture', '--help'], ['fixture', 'give', '--help'], ['fixture', 'give', '-h', '1']]) {
      const ran = await runFixture([...args, '--json']);
      expect(documentOf(ran)).toMatchObject({ schema: 'omniplex/help/1', ok: true });
      expect(ran.code).toBe(0);
    }
  });

  it('answers a mistake of ours as E_BUG', async () => {
    for (const how of ['syntax', 'type', 'string', 'later', 'stray']) {
      const ran = await runFixture(['fixture', 'wrong', how, '--canary', CANARY, '--json']);
      expect(documentOf(ran)).toMatchObject({ error: { code: 'E_BUG', exit: 70 } });
      expect(ran.code).toBe(70);
    }
  });

  it('answers when there is nothing left to wait for', async () => {
    const ran = await runFixture(['fixture', 'wrong', 'silent', '--json']);
    expect(documentOf(ran)).toMatchObject({ error: { code: 'E_INTERRUPTED' } });
    expect(ran.code).toBe(130);
  });

  it('streams items and ends with the envelope, also after a failure', async () => {
    for (const [last, code] of [[[], 0], [['--last'], 1]] as const) {
      const ran = await runFixture(['fixture', 'stream', '--count', '3', '--json', ...last]);
      const lines = ran.stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(lines.slice(0, 3)).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
      expect(lines.at(-1)).toMatchObject({ schema: 'omniplex/fixture-stream/1', ok: code === 0 });
      expect([lines.length, ran.code]).toEqual([4, code]);
    }
  });

  it('speaks Nagios for checks: 0 to 3 by status, 3 for every error', async () => {
    for (const status of [0, 1, 2, 3]) expect((await runFixture(['check', 'it', '--status', String(status)])).code).toBe(status);
    const broken = await runFixture(['check', 'it', '--broken']);
    expect(broken.stdout).toMatch(/^OMNIPLEX IT UNKNOWN: .*\n$/);
    expect(broken.code).toBe(3);
    const usage = await runFixture(['check', 'it', '--nope', '--json']);
    expect(documentOf(usage)).toMatchObject({ ok: false, error: { code: 'E_USAGE', exit: 3 } });
    expect(usage.code).toBe(3);
    expect((await runFixture(['check', 'nothing'])).code).toBe(3);
    const critical = await runFixture(['check', 'it', '--status', '2', '--json']);
    expect(documentOf(critical).ok).toBe(true);
    expect(critical.code).toBe(2);
  });
});

describe('human answers', () => {
  it('puts the answer on stdout and the talk on stderr', async () => {
    const ran = await runFixture(['fixture', 'give', '1', '--warn']);
    expect(ran.stdout).toBe('value 1\n');
    expect(ran.stderr).toContain('W_NOISY');
    const failed = await runFixture(['fixture', 'wrong', 'locked']);
    expect(failed.stdout).toBe('');
    expect(failed.stderr).toContain('E_LOCKED');
  });

  it('is silent under --quiet unless something changed with a warning, or failed', async () => {
    const quiet = async (...args: string[]) => {
      const { stdout, stderr } = await runFixture([...args, '--quiet']);
      return [stdout, stderr !== ''];
    };
    expect(await quiet('fixture', 'give', '1', '--warn')).toEqual(['', false]);
    expect(await quiet('fixture', 'give', '1', '--changed')).toEqual(['', false]);
    expect(await quiet('fixture', 'give', '1', '--changed', '--warn')).toEqual(['', true]);
    expect(await quiet('fixture', 'wrong', 'partial')).toEqual(['', true]);
    expect(await quiet('check', 'it', '--status', '0')).toEqual(['', false]);
    expect(await quiet('check', 'it', '--status', '2')).toEqual(['value true\n', false]);
    expect(documentOf(await runFixture(['fixture', 'give', '1', '-q', '--json'])).result).toEqual({ value: 1 });
  });

  it('suggests what may have been meant, and repeats nothing that is far from it', async () => {
    expect((await runFixture(['fixture', 'giv', '1'])).stderr).toContain('fixture give');
    expect((await runFixture(['contxt', 'list'])).stderr).toContain('context list');
    expect((await runFixture(['fixture', 'give', '1', '--chnged'])).stderr).toContain('--changed');
    expect((await runFixture([CANARY])).stderr).not.toContain(CANARY);
    expect((await runFixture(['fixture', CANARY])).stderr).not.toContain(CANARY);
  });

  it('takes flags before and after the words, and aliases that are shown nowhere', async () => {
    expect(documentOf(await runFixture(['--json', '--timeout', '10s', 'fixture', 'give', '1'])).result).toEqual({ value: 1 });
    const env = { HOME: '/nonexistent', XDG_CONFIG_HOME: '/nonexistent' };
    expect((await runFixture(['context', 'ls'], { env })).code).toBe(0);
    expect((await runFixture(['commands'])).stdout).not.toMatch(/\bls\b/);
  });

  it('does not split an argument at its spaces', async () => {
    expect(documentOf(await runFixture(['fixture', 'give', '"a b  c"', '--json'])).result).toEqual({ value: 'a b  c' });
  });

  it('answers a repeated run with nothing to do by exit 0 and changed false', async () => {
    const env = { XDG_CONFIG_HOME: await freshFolder() };
    const runs = [['config', 'set', 'receipts=never'], ['context', 'create', 'a'], ['context', 'select', 'a'], ['config', 'remove', 'padding']];
    for (const args of runs) await runFixture(args, { env });
    for (const args of runs) {
      const ran = await runFixture([...args, '--json'], { env });
      expect([args, ran.code, documentOf(ran).changed]).toEqual([args, 0, false]);
    }
  });

  it('shows the front page for no words, and calls a bare noun a usage error', async () => {
    const front = await runFixture([]);
    expect([front.code, front.stderr]).toEqual([0, '']);
    expect(front.stdout).toContain('context');
    const bare = await runFixture(['context']);
    expect([bare.code, bare.stdout]).toEqual([2, '']);
    expect(bare.stderr).toContain('context select');
    expect((await runFixture(['context', '--help'])).code).toBe(0);
  });

  it('reads nothing from stdin for an argument that is missing', async () => {
    const ran = await runFixture(['fixture', 'give', '--json'], { stdin: '"from stdin"' });
    expect(documentOf(ran)).toMatchObject({ error: { code: 'E_USAGE' } });
  });

  it('takes a flag that may be repeated once a value, and leaves arguments alone', async () => {
    const ran = await runFixture(['fixture', 'give', '--to', 'a', '--to', 'b', '1', '--json']);
    expect(documentOf(ran).result).toEqual({ value: 1 });
  });
});
