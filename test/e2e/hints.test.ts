/** What a person meets in the first hour by mistake: each refusal has its code, names the thing, and says what to do that can be done. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandbox, type Sandbox } from '../support/run.ts';

let folder: string;
let box: Sandbox;
let forBob: string;

const NOWHERE = ['a', 'b'].map((letter) => `bafyrei${letter}${'a'.repeat(51)}`);
const secret = ['--passphrase-file', 'pass'];
const answer = async (args: readonly string[]) => JSON.parse((await box.run([...args, '--json'])).stdout) as { result: { cid: string }; error: { code: string; message: string; hint: string } };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omniplex-'));
  box = await sandbox(folder);
  await writeFile(join(folder, 'pass'), 'a long enough passphrase\n', { mode: 0o600 });
  await writeFile(join(folder, 'letter.txt'), 'a letter, and no CAR\n');
  const bob = ['--context', 'other'];
  for (const args of [
    ['init', 'local', '--defaults', '--select'],
    ['init', 'other', '--defaults', '--home', 'theirs'],
    ['identity', 'create', 'alice', ...secret],
    ['identity', 'create', 'bob', ...secret, ...bob],
    ['identity', 'export', 'bob', '--out', 'bob.bundle', ...secret, ...bob],
    ['contact', 'add', 'bob.bundle'],
  ]) {
    const { code, stderr } = await box.run([...args, '--quiet']);
    if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  }
  forBob = (await answer(['send', 'letter.txt', '--to', 'bob', '--allow-unverified', ...secret])).result.cid;
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a refusal', () => {
  it.each<readonly [args: string, code: string, names: RegExp, says: RegExp]>([
    ['send letter.txt --to alice --expires banana', 'E_USAGE', /^--expires: /, /--help/],
    ['send letter.txt --to alice --expires 2020-01-01', 'E_USAGE', /^--expires: .*over already/, /--help/],
    ['send letter.txt --to alice --timeout banana', 'E_USAGE', /^--timeout: /, /--help/],
    ['send letter.txt --to alice --timeout 99999d', 'E_USAGE', /^--timeout: .*hundred years/, /--help/],
    ['store export --for alice --out x.car --split banana', 'E_USAGE', /^--split: /, /--help/],
    ['store verify --acknowledged --since banana', 'E_USAGE', /^--since: /, /--help/],
    ['contact list --where tier=hot', 'E_FILTER', /there are name, verified/, /help filters/],
    ['send none.txt --to alice', 'E_NOT_FOUND', /^none\.txt /, /path/],
    ['store import none.car', 'E_NOT_FOUND', /^none\.car /, /path/],
    ['contact add none.bundle', 'E_NOT_FOUND', /none\.bundle/, /path/],
    ['quickstart none.txt', 'E_NOT_FOUND', /none\.txt/, /path/],
    ['store import letter.txt', 'E_FORMAT', /letter\.txt does not begin like one/, /another file.*store export/],
    ['store import bob.bundle', 'E_USAGE', /bob\.bundle is an identity bundle/, /contact add FILE/],
    ['contact add letter.txt', 'E_FORMAT', /letter\.txt/, /another file/],
    ['contact verify bob --fingerprint-file letter.txt', 'E_FORMAT', /line 1/, /twelve words/],
    ['send letter.txt --to nobody', 'E_NAME_UNKNOWN', /contact is named "nobody"/, /contact list/],
    ['send letter.txt --to nobody --to noone', 'E_NAME_UNKNOWN', /^no contact is named "nobody", "noone"$/, /contact list/],
    ['identity show nobody', 'E_NAME_UNKNOWN', /identity is named "nobody"/, /identity list/],
    ['context show nowhere', 'E_NAME_UNKNOWN', /context is named "nowhere"/, /context list/],
    ['outbox show nothing', 'E_NOT_FOUND', /nothing/, /outbox list/],
    [`store pin ${NOWHERE.join(' ')}`, 'E_NOT_FOUND', /^each of baf\w+, baf\w+ is not there$/, /store list/],
    [`store pin ${NOWHERE[0]}`, 'E_NOT_FOUND', /^baf\w+ is not there$/, /store list/],
    ['send letter.txt --to ./none.bundle --to ./nor.bundle', 'E_NOT_FOUND', /none\.bundle.*nor\.bundle/, /path/],
    ['send letter.txt --to ./letter.txt', 'E_FORMAT', /letter\.txt/, /another file/],
    ['contact add bob.bundle --name robert', 'E_NAME_TAKEN', /"bob"/, /contact rename bob/],
    ['backup show home', 'E_IO', /^home: it is a folder/, /Name a file/],
    ['bench compare letter.txt letter.txt', 'E_FORMAT', /letter\.txt/, /another program/],
    ['store lock show nothing', 'E_NOT_FOUND', /lock nothing/, /store lock list/],
    ['send letter.txt --to bob', 'E_UNVERIFIED', /"bob"/, /contact verify.*--allow-unverified/],
    ['fetch bafyreid5', 'E_CID_INVALID', /bafyreid5/, /whole: 59 characters/],
    ['--home none identity list', 'E_NO_HOME', /none/, /--home.*omniplex init/],
    ['--store none store list', 'E_NO_STORE', /none/, /--store.*omniplex init/],
    ['config set hot.budget=20GiB speed=1', 'E_USAGE', /no setting "speed"/, /help settings/],
    ['store list --tier s3', 'E_NOT_SUPPORTED', /tier s3/, /doctor/],
    ['outbox cancel letter-1', 'E_DECLINED', /^not confirmed: withdraw letter-1$/, /--confirm letter-1/],
    ['identity remove alice', 'E_DECLINED', /identity "alice"/, /Nothing was done.*--confirm alice/],
    ['backup restore letter.txt', 'E_FORMAT', /backup/, /another program/],
    ['stor list', 'E_USAGE', /store list/, /omniplex --help/],
    ['store lst', 'E_USAGE', /"omniplex store list"/, /`omniplex store --help`/],
    ['store', 'E_USAGE', /a verb is missing/, /`omniplex store --help`/],
    ['fetch', 'E_USAGE', /^CID is missing$/, /`omniplex fetch CID \[flags\]`.*`omniplex fetch --help`/],
    ['contact rename bob', 'E_USAGE', /^NAME is missing$/, /`omniplex contact rename CONTACT NAME \[flags\]`/],
    ['contact show bob carol', 'E_USAGE', /it takes NAME/, /in quotes.*`omniplex contact show NAME \[flags\]`/],
    ['identity list now', 'E_USAGE', /it takes none/, /`omniplex identity list --help`/],
    ['identity revoke alice', 'E_USAGE', /^--reason is missing$/, /^--reason REASON: why: compromised, .*`omniplex identity revoke --help`/],
    ['identity revoke alice --reason bored', 'E_USAGE', /^--reason: /, /^--reason REASON: why: compromised, /],
    ['send letter.txt --to', 'E_USAGE', /^--to expects a value$/, /^--to NAME: a recipient.*`omniplex send --help`/],
    ['send letter.txt --id a --id b', 'E_USAGE', /^--id is given twice$/, /^--id KEY: /],
    ['send letter.txt --too bob', 'E_USAGE', /no flag --too; did you mean --to\b/, /`omniplex send --help` lists/],
    ['send letter.txt --hunter2', 'E_USAGE', /^there is a flag that/, /`omniplex send --help` lists/],
    ['send letter.txt --passphrase tulips', 'E_USAGE', /no flag --passphrase: a secret/, /--passphrase-file FILE, --message-passphrase-file FILE.*help secrets/],
    ['identity list --token tulips', 'E_USAGE', /no flag --token: a secret/, /--passphrase-file FILE\./],
    ['send', 'E_USAGE', /FILE.*--batch/, /`omniplex send --help`/],
    ['identity list --context local --no-context', 'E_USAGE', /^--context cannot stand beside --no-context$/, /one of the two out.*`omniplex identity list --help`/],
    ['store verify --since 1d', 'E_USAGE', /^--since means nothing without --acknowledged$/, /^Add --acknowledged, or leave --since out/],
    ['explain E_LOKED', 'E_USAGE', /no such code; did you mean E_LOCKED/, /`omniplex help errors`.*`omniplex help exit-codes`/],
    ['explain locked', 'E_USAGE', /did you mean E_LOCKED\?$/, /`omniplex help errors`/],
    ['explain hunter2', 'E_USAGE', /no such code$/, /`omniplex help errors`/],
    ['explain 99', 'E_USAGE', /no such code$/, /`omniplex help exit-codes`/],
  ])('of `omniplex %s` is %s', async (args, code, names, says) => {
    const { error } = await answer([...args.split(' '), ...(/^(send|contact verify|backup|identity remove)/.test(args) ? secret : [])]);
    expect(error).toMatchObject({ code, message: expect.stringMatching(names) as unknown, hint: expect.stringMatching(says) as unknown });
    expect(`${error.message} ${error.hint}`).not.toMatch(/\{\w+\}|undefined|--confirm --|tulips|hunter2|bored/);
    expect(error.hint).not.toContain('Run the command with --help');
  });

  it.each([
    ['--id', ['send', 'letter.txt', '--to', 'alice', '--id', 'x\ny', ...secret]],
    ['--id', ['send', 'letter.txt', '--to', 'alice', '--id', ' x', ...secret]],
    ['--to', ['send', 'letter.txt', '--to', 'al\nice', ...secret]],
    ['--as', ['send', 'letter.txt', '--to', 'alice', '--as', 'al\nice', ...secret]],
    ['--context', ['identity', 'list', '--context', 'lo\u001b[2Jcal']],
    ['--name', ['contact', 'add', 'bob.bundle', '--name', 'b\nob']],
    ['NAME', ['contact', 'show', 'b\nob']],
    ['CONTACT', ['contact', 'rename', 'b\nob', 'bob']],
    ['NAME', ['contact', 'rename', 'bob', 'b\nob']],
    ['NAME', ['identity', 'create', 'b\nob', ...secret]],
    ['NAME', ['identity', 'show', '\u202ebob']],
    ['NAME', ['context', 'create', 'b\nob', '--home', 'h']],
    ['NAME', ['context', 'show', 'b\rob']],
    ['MESSAGE', ['outbox', 'show', 'x\ny']],
    ['NAME', ['store', 'lock', 'show', 'x\ny']],
  ])('of a %s with a line break or a control character is one of usage, and does not repeat it', async (name, args) => {
    const { error } = await answer(args);
    expect(error.code).toBe('E_USAGE');
    expect(error.message.startsWith(`${name}: `)).toBe(true);
    // oxlint-disable-next-line no-control-regex -- that is what must not be there
    expect(error.message).not.toMatch(/[\u0000-\u001f\u202e]/);
  });

  it('of a context that the environment names wrongly stands on one line', async () => {
    const { stderr } = await box.run(['identity', 'list'], { env: { OMNIPLEX_CONTEXT: 'lo\ncal' } });
    expect(stderr).toContain('no context is named "lo\\ncal"\n');
  });

  it.each<readonly [args: string, says: RegExp]>([
    ['send letter.txt --to alice', /outbox list.*--id/],
    ['send letter.txt --to alice --id once', /the same --id.*starts over/],
    ['send --batch letter.txt', /a line with an id is not sent twice/],
    ['inbox fetch --out in', /goes on where it stopped/],
    ['store import letter.txt', /nothing comes in twice/],
  ])('of `omniplex %s` for want of time says what stands and what a second run does', async (args, says) => {
    const { error } = await answer([...args.split(' '), '--timeout', '1ms', ...secret]);
    expect(error).toMatchObject({ code: 'E_TIMEOUT', exit: 12, hint: expect.stringMatching(says) as unknown });
    const { result } = await answer(['outbox', 'list', '--where', 'id = once']);
    expect(result).toMatchObject({ messages: [] });
  });

  it('of a message that was sealed for somebody else says for whom it was not, and where else the key may be', async () => {
    const { error } = await answer(['fetch', forBob, ...secret]);
    expect(error).toMatchObject({ code: 'E_NOT_RECIPIENT', message: expect.stringContaining('no identity of this home') as unknown, hint: expect.stringMatching(/--home/) as unknown });
  });

  it('of a wrong passphrase is one, for an inbox in which something waits', async () => {
    await writeFile(join(folder, 'wrong'), 'another passphrase\n', { mode: 0o600 });
    for (const file of ['wrong', 'none']) {
      const { error } = await answer(['inbox', 'list', '--context', 'other', '--passphrase-file', file]);
      expect(error.code).toBe(file === 'none' ? 'E_NOT_FOUND' : 'E_PASSPHRASE');
    }
  });
});
