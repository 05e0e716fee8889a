/** The runbook's blocks, each run as it stands in the incident that it is for: first the code that its heading promises, then the steps, then all is well. */
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runbookSections } from '../../src/cli/explain.ts';
import { parseCid } from '../../src/core/base/cid.ts';
import { OmniPlex } from '../../src/core/omniplex.ts';
import { correspondents, envelope, type Correspondents } from '../support/correspondents.ts';
import { ROOT, runProcess } from '../support/run.ts';
import { page, type Fence } from './markdown.ts';

const TIMEOUT = { timeout: 120_000 };
const runbook = page('docs/RUNBOOK.md');
const titleOf = (section: string): string => section.replace(/ \([^)]*\)$/, '');

interface Scene extends Correspondents {
  path(name: string): string;
  /** Of a message from alice to bob. */
  send(file: string, ...flags: readonly string[]): Promise<string>;
}

interface Incident {
  /** Makes it happen. Answers what the words in capitals stand for, and who acts. */
  arrange(scene: Scene): Promise<{ readonly words: Readonly<Record<string, string>>; readonly as?: 'alice' | 'bob' }>;
  /** A command that fails as the heading says. */
  readonly symptom?: (words: Readonly<Record<string, string>>) => readonly string[];
  readonly code?: string;
  /** What must hold afterwards. */
  after?(scene: Scene, output: string): Promise<void>;
}

async function staged(): Promise<Scene> {
  const pair = await correspondents();
  const path = (name: string): string => join(pair.folder, name);
  for (const name of ['alice', 'bob']) {
    const set = await pair.run(['context', 'set', name, `passphrase-file=${path(`${name}.passphrase`)}`]);
    expect(set.code, set.stderr).toBe(0);
  }
  await writeFile(path('plan.bin'), randomBytes(700_000));
  await writeFile(path('note.txt'), 'a note\n');
  const send: Scene['send'] = async (file, ...flags) => (await pair.alice.result<{ cid: string }>(['send', path(file), '--to', 'bob', ...flags])).cid;
  return { ...pair, path, send };
}

/** Runs each line of the block in the scene's folder. An exit code that a comment names is as good as 0. */
async function follow(scene: Scene, fence: Fence, words: Readonly<Record<string, string>>, as: string): Promise<string> {
  const bin = scene.path('bin');
  await mkdir(bin);
  await writeFile(join(bin, 'omniplex'), `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'bin', 'run.js')}' "$@"\n`, { mode: 0o755 });
  const env = { ...scene.env, OMNIPLEX_CONTEXT: as, OMNIPLEX_NO_INPUT: '1', PATH: `${bin}:/usr/local/bin:/usr/bin:/bin` };
  let output = '';
  for (const line of fence.text.trim().split('\n')) {
    const command = line.replaceAll(/\b[A-Z]{2,}\b/g, (word) => words[word] ?? word);
    const { code, stdout, stderr } = await runProcess('/bin/sh', ['-c', command], { cwd: scene.folder, env });
    const allowed = [0, ...[...line.matchAll(/# .*?exit (\d+)/g)].map(([, exit]) => Number(exit))];
    expect(allowed, `${command}\n${stdout}${stderr}`).toContain(code);
    output += stdout;
  }
  return output;
}

const missing = async ({ alice }: Scene, since: string): Promise<{ readonly lost: number; readonly unannounced: number }> => {
  const { result } = envelope<{ acknowledged: { lost: unknown[]; unannounced: unknown[] } }>(await alice.run(['store', 'verify', '--acknowledged', '--since', since, '--json']));
  return { lost: result.acknowledged.lost.length, unannounced: result.acknowledged.unannounced.length };
};

const fetched = async ({ bob, path }: Scene, cid: string): Promise<void> => {
  await bob.result(['fetch', cid, '--out', path(`${cid}.out`)]);
};

/** Overwrites part of a file, and drops what SQLite keeps beside it. */
async function scribble(file: string, at: number, bytes: number): Promise<void> {
  await runProcess('dd', ['if=/dev/urandom', `of=${file}`, 'conv=notrunc', 'bs=1024', `seek=${at}`, `count=${bytes}`]);
  await rm(`${file}-wal`, { force: true });
  await rm(`${file}-shm`, { force: true });
}

const INCIDENTS: Readonly<Record<string, Incident>> = {
  'The hot database is damaged': {
    arrange: async ({ send, store }) => {
      await send('note.txt', '--durability', 'cold');
      const cid = await send('plan.bin');
      await scribble(join(store, 'hot.db'), 40, 200);
      return { words: { STORE: 'store', CID: cid } };
    },
    symptom: () => ['inbox', 'list'],
    code: 'E_STORE_CORRUPT',
    after: async (scene) => {
      expect((await scene.run(['store', 'verify', '--context', 'alice'])).code).toBe(0);
      expect(envelope<{ messages: unknown[] }>(await scene.bob.run(['inbox', 'list', '--json'])).result.messages.length).toBeGreaterThan(0);
    },
  },
  'What was acknowledged is lost': {
    arrange: async ({ send, path, store }) => {
      await send('plan.bin');
      await cp(join(store, 'hot.db'), path('older.db'));
      const cid = await send('note.txt', '--id', 'note-1');
      await cp(path('older.db'), join(store, 'hot.db'));
      for (const file of ['hot.db-wal', 'hot.db-shm']) await rm(join(store, file), { force: true });
      return { words: { CID: cid, FILE: 'note.txt', NAME: 'bob', KEY: 'note-1' } };
    },
    symptom: () => ['store', 'verify', '--acknowledged', '--since', '1d'],
    code: 'E_LOST',
    after: async (scene, output) => {
      await fetched(scene, /(bafyrei\w+)\n[^\n]*\n[^\n]*\nannounced to bob/.exec(output)?.[1] ?? '');
      expect(output).toContain('CRITICAL: 1 lost');
    },
  },
  'Blocks are wrong or missing': {
    arrange: async ({ send, store }) => {
      const cid = await send('plan.bin', '--durability', 'cold');
      const folder = join(store, 'cold', 'blocks');
      const [file = ''] = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.data'));
      await scribble(join(folder, file), 0, 1);
      return { words: { CID: cid } };
    },
    symptom: () => ['store', 'verify'],
    code: 'E_VERIFY',
    after: async (scene) => expect((await scene.alice.run(['store', 'verify'])).code).toBe(0),
  },
  'The disk or the hot tier is full': {
    arrange: async ({ send }) => {
      await send('plan.bin');
      return { words: { FILE: 'note.txt', NAME: 'bob', KEY: 'note-1' } };
    },
    after: async (scene, output) => {
      expect(output).toMatch(/1 message demoted/);
      expect(output).toContain('announced to bob');
      expect(await missing(scene, '1d')).toEqual({ lost: 0, unannounced: 0 });
    },
  },
  'The home is lost': {
    arrange: async ({ alice, path }) => {
      await alice.result(['backup', 'create', '--out', path('keys.opb')]);
      await rm(path('alice'), { recursive: true });
      return { words: { BACKUP: 'keys.opb', NAME: 'alice', NEW: 'restored' } };
    },
    symptom: () => ['identity', 'list'],
    code: 'E_NO_HOME',
    after: async ({ bob, run, path }) => {
      await bob.result(['contact', 'update', 'alice', path('alice-new.bundle')]);
      expect((await run(['send', path('note.txt'), '--to', 'bob', '--context', 'alice'])).code).toBe(0);
    },
  },
  'The home is a copy, or went back in time': {
    arrange: async ({ run, send, path }) => {
      await send('note.txt');
      await cp(path('alice'), path('copy'), { recursive: true, preserveTimestamps: true });
      expect((await run(['context', 'set', 'alice', `home=${path('copy')}`])).code).toBe(0);
      await runProcess('chmod', ['700', path('copy')]);
      return { words: { FILE: 'note.txt', BACKUP: 'copy.opb', NAME: 'alice', NEW: 'restored', CONTACT: 'bob' } };
    },
    symptom: () => ['send', 'note.txt', '--to', 'bob'],
    code: 'E_HOME_COPIED',
    after: async ({ alice, path }) => {
      const old = await alice.run(['send', path('plan.bin'), '--to', 'bob', '--json']);
      expect(envelope(old).error?.code).toBe('E_HOME_COPIED');
    },
  },
  'A lock is not let go': {
    arrange: async ({ send, store }) => {
      const cid = await send('plan.bin');
      // A holder that lives and hangs: this very process.
      const app = await OmniPlex.open({ store, holder: 'a job that hangs' });
      onTestFinished(() => app.close());
      const { locks } = await app.store();
      await locks.acquire(`message/${cid}`, { holder: 'a job that hangs', waitMs: 0 });
      return { words: { CID: cid, NAME: `message/${cid}` } };
    },
    symptom: ({ CID = '' }) => ['demote', CID],
    code: 'E_LOCKED',
    after: async (_, output) => expect(output).toMatch(/a job that hangs[^]*1 message demoted/),
  },
  'Prekeys or bundles have run out': {
    arrange: async ({ bob, path }) => {
      const until = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10);
      await bob.result(['identity', 'export', 'bob', '--prekeys-until', until, '--out', path('newer.bundle')]);
      return { words: { NAME: 'bob', FILE: 'note.txt', BUNDLE: 'newer.bundle' } };
    },
    symptom: () => ['send', 'note.txt', '--to', 'bob', '--expires', '60d'],
    code: 'E_PREKEY_EXPIRY',
    after: async (_, output) => expect(output).toMatch(/forward secret yes[^]*announced to bob/),
  },
  'Announcements are forged or damaged': {
    arrange: async ({ send, store }) => {
      const cid = await send('note.txt');
      const app = await OmniPlex.open({ store });
      const { hot } = await app.store();
      const [row] = await hot.inbox.ofMessage(parseCid(cid));
      if (row === undefined) throw new Error('nobody was told');
      // One that names no block that is here, made from a real one.
      const other = parseCid('bafyreid5c2n7s3nqzzyjszvrbbhndsxmbfvv2c6ka7vbfxcmyxvqs4uiam');
      await hot.inbox.announce([{ ...row, cid: other }]);
      await app.close();
      return { words: { CID: cid, FILE: 'look' }, as: 'bob' };
    },
    after: async (scene, output) => {
      expect(output).toContain('"unreadable":1');
      await fetched(scene, /"messages":\[\{"cid":"(bafyrei\w+)"/.exec(output)?.[1] ?? '');
    },
  },
};

const fences = runbook.fences.filter(({ note }) => note === 'incident');

test('every section has steps, and every block an incident', () => {
  const sections = runbookSections(runbook.text);
  expect(sections.filter(({ steps, codes }) => steps.length === 0 || codes.length === 0)).toEqual([]);
  expect(fences.map(({ section }) => titleOf(section)).toSorted()).toEqual(Object.keys(INCIDENTS).toSorted());
});

describe('an incident', () => {
  test.each(fences.map((fence) => [titleOf(fence.section), fence] as const))('%s', TIMEOUT, async (title, fence) => {
    const scene = await staged();
    const { arrange, symptom, code, after } = INCIDENTS[title]!;
    const { words, as = 'alice' } = await arrange(scene);
    if (symptom !== undefined) {
      const failed = await scene.run([...symptom(words), '--context', as, '--no-input', '--json']);
      expect(envelope(failed).error?.code, failed.stdout).toBe(code);
      expect(fence.section).toContain(code);
    }
    const output = await follow(scene, fence, words, as);
    await after?.(scene, output);
  });
});

