/** Two operators with homes of their own and one store, made and driven through the built command line. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { sandbox, type Ran, type RunOptions, type Sandbox, type Started } from './run.ts';

export interface Correspondent {
  readonly name: string;
  /** With home, store and passphrase already named. */
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
  start(args: readonly string[], options?: RunOptions): Started;
  /** The result of a command that must end with 0. */
  result<T = Record<string, unknown>>(args: readonly string[], options?: RunOptions): Promise<T>;
}

export interface Correspondents extends Sandbox {
  readonly alice: Correspondent;
  readonly bob: Correspondent;
  readonly store: string;
}

/** The answer of a command that ran with --json. */
export const envelope = <T = Record<string, unknown>>(ran: Ran): { ok: boolean; changed: boolean; result: T; error?: { code: string } } =>
  JSON.parse(ran.stdout) as ReturnType<typeof envelope<T>>;

async function correspondent(box: Sandbox, name: string, store: string): Promise<Correspondent> {
  const passphrase = join(box.folder, `${name}.passphrase`);
  await writeFile(passphrase, `the passphrase of ${name}\n`, { mode: 0o600 });
  const flags = ['--no-context', '--home', join(box.folder, name), '--store', store, '--passphrase-file', passphrase];
  const run = (args: readonly string[], options?: RunOptions) => box.run([...flags, ...args], options);
  const start = (args: readonly string[], options?: RunOptions) => box.start([...flags, ...args], options);
  const result = async <T>(args: readonly string[], options?: RunOptions): Promise<T> => {
    const ran = await run([...args, '--json'], options);
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    return envelope<T>(ran).result;
  };
  return { name, run, start, result };
}

/** Alice and bob, who have verified each other. */
export async function correspondents(): Promise<Correspondents> {
  const box = await sandbox();
  const store = join(box.folder, 'store');
  const [alice, bob] = [await correspondent(box, 'alice', store), await correspondent(box, 'bob', store)];
  for (const one of [alice, bob]) {
    const made = await box.run(['init', one.name, '--defaults', '--home', join(box.folder, one.name), '--store', store, '--json']);
    expect(made.code, made.stdout + made.stderr).toBe(0);
    await one.result(['identity', 'create', one.name]);
    await one.result(['identity', 'export', one.name, '--out', join(box.folder, `${one.name}.bundle`)]);
  }
  for (const [one, other] of [[alice, bob], [bob, alice]] as const) {
    const { fingerprint } = await other.result<{ fingerprint: string }>(['identity', 'show', other.name]);
    const words = join(box.folder, `${other.name}.words`);
    await writeFile(words, `${other.name} ${fingerprint}\n`);
    await one.result(['contact', 'add', join(box.folder, `${other.name}.bundle`), '--fingerprint-file', words]);
  }
  return { ...box, alice, bob, store };
}
