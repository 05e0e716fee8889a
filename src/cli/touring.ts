/** The tour as a person sees it: each step is told as it happens, with what was found; the answer says what to do next. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { systemClock } from '../core/base/clock.ts';
import { fail, type OmniplexError } from '../core/base/errors.ts';
import { exists } from '../core/base/files.ts';
import type { TourStep } from '../core/tour.ts';
import { commandsTable } from './commands-table.ts';
import { facts } from './facts.ts';
import { count, size } from './human.ts';
import type { View } from './output.ts';
import { fingerprintBeside } from './people-view.ts';
import type { Session } from './session.ts';
import { flow } from './theme.ts';

export interface TourResult {
  readonly file: string;
  readonly bytes: number;
  readonly cid: string;
  readonly ok: boolean;
  readonly steps: ReadonlyArray<Readonly<Record<string, unknown>>>;
  readonly folder?: string | undefined;
  readonly next: readonly string[];
}

const NEXT = [
  'omniplex init',
  'omniplex identity create NAME',
  'omniplex identity export NAME --out NAME.bundle',
  'omniplex contact add FRIEND.bundle',
  'omniplex contact verify FRIEND',
  'omniplex send FILE --to FRIEND',
] as const;

/** Throws what a step throws; the folder is removed all the same, unless it is kept. */
export async function takeTour(session: Session, named: string | undefined, keep: boolean): Promise<{ result: TourResult; error?: OmniplexError }> {
  const { endTour, tour } = await import('../core/tour.ts');
  const file = named === undefined ? await ownProgram() : resolve(named);
  await (await import('../core/mail/input.ts')).fileInput(file);
  const folder = await mkdtemp(join(tmpdir(), 'omniplex-quickstart-'));
  if (!keep) session.atEnd(() => endTour(folder));
  const view = session.output.view('talk');
  session.output.talk(heading(named === undefined ? 'this program itself' : named, view));
  const steps: Array<Record<string, unknown>> = [];
  let [bytes, cid, ok] = [0, '', true];
  let before = systemClock.monotonic();
  for await (const step of tour({ folder, file, signal: session.signal })) {
    const now = systemClock.monotonic();
    const held = holds(step);
    ok &&= held;
    steps.push({ ...step, ok: held, seconds: Math.round(now - before) / 1_000 });
    if (step.step === 'send') ({ bytes, cid } = step);
    session.output.talk(linesOf(step, held, view));
    before = now;
  }
  const result: TourResult = { file, bytes, cid, ok, steps, ...(keep && { folder }), next: NEXT };
  return ok ? { result } : { result, error: fail('E_VERIFY', { bad: steps.filter((step) => step['ok'] === false).length, checked: steps.length }) };
}

/** The largest file that every installation has: the built command line, or from sources the lock file. */
async function ownProgram(): Promise<string> {
  const { root } = commandsTable().parts;
  const built = join(root, 'dist', 'cli', 'main.cjs');
  return (await exists(built)) ? built : join(root, 'package-lock.json');
}

const heading = (what: string, { paint, symbols }: View): string[] => [
  paint.bold(`A tour of OmniPlex ${symbols.dot} ${what} goes all the way`),
  paint.dim('alice and bob each have a home, mallory has one too; all three share one store'),
  '',
];

function holds(step: TourStep): boolean {
  switch (step.step) {
    case 'contacts':
      return step.verified;
    case 'send':
      return step.durability === 'hot' && step.postQuantum;
    case 'fetch':
      return step.same && step.verified && step.from === 'hot';
    case 'cold-fetch':
      return step.same && step.verified && step.from !== 'hot';
    case 'stranger':
      return step.refused === 'E_NOT_RECIPIENT' && step.file === null;
    case 'tampered':
      return step.refused === 'E_BLOCK_CORRUPT' && step.file === null;
    case 'demote':
    case 'promote':
      return step.moved === 1;
    default:
      return true;
  }
}

const INDENT = '  ';

/** A line that says what happened, and under it what was found. */
function linesOf(step: TourStep, held: boolean, view: View): string[] {
  const { paint, symbols } = view;
  const [title, ...found] = told(step, view);
  const mark = held ? paint.good(symbols.ok) : paint.bad(symbols.fail);
  return [...flow(`${mark} ${paint.bold(title as string)}`, view.columns, INDENT), ...found.map((line) => INDENT + line), ''];
}

function told(step: TourStep, view: View): readonly string[] {
  const { paint, symbols } = view;
  switch (step.step) {
    case 'people':
      return [
        `three people make identities: ${step.people[0]?.algorithms.join(' + ')} to sign, x-wing to be written to`,
        ...facts(
          view,
          step.people.map(({ name, fingerprint }) => [name, fingerprintBeside(fingerprint.replaceAll(' / ', ' '), view)]),
        ),
      ];
    case 'contacts':
      return ['alice and bob swap bundles, and each types the twelve words that the other reads aloud', `a bundle has ${size(step.bundleBytes)} and is public`];
    case 'send':
      return [
        `alice sends ${size(step.bytes)} to bob`,
        `message   ${paint.mark(step.cid)}`,
        ...step.names.map((name, i) => `block ${i + 1}   ${paint.dim(name)}`),
        `${count(step.blocks, 'block')} in all, each named by its SHA-256 ${symbols.dot} post-quantum ${step.postQuantum ? 'yes' : 'no'} ${symbols.dot} durability ${step.durability}`,
      ];
    case 'packet':
      return ['it is announced by one packet of 192 bytes, which carries names and nothing else', ...packetLines(step.hex, paint.dim)];
    case 'fetch':
      return ["bob fetches it: name, mac, signatures and every chunk's tag are checked", `bit for bit what alice sent: ${step.same ? 'yes' : 'NO'} ${symbols.dot} signed by ${step.sender ?? 'nobody'} (${step.verified ? 'verified' : 'UNVERIFIED'}) ${symbols.dot} from ${step.from}`];
    case 'stranger':
      return ['mallory, who can read the whole store, tries the same', refusal(step.refused, step.file)];
    case 'demote':
      return ['the message moves to the cold tier, is read back and hashed there, and only then leaves the hot one', `hot tier now ${size(step.hotBytes)}`];
    case 'cold-fetch':
      return ['bob fetches it again, now from cold', `bit for bit the same: ${step.same ? 'yes' : 'NO'} ${symbols.dot} from ${step.from}`];
    case 'tampered':
      return ['one bit of one block is flipped on the disk', refusal(step.refused, step.file)];
    case 'promote':
      return ['the bit is put right, and the message is promoted', `hot tier now ${size(step.hotBytes)}`];
  }
}

const refusal = (code: string | null, file: string | null): string => `refused: ${code ?? 'NO'}; plaintext left behind: ${file ?? 'none'}`;

const WORDS = ['what it is', 'a pseudonym', 'inbox', 'message', 'salt, expiry', 'keyed BLAKE3'] as const;

/** One 256-bit word a line, as in the specification. */
const packetLines = (hex: string, dim: (text: string) => string): string[] => WORDS.map((word, i) => `${dim(hex.slice(i * 64, i * 64 + 64))}  ${word}`);

export function lastLines({ ok, folder, next }: Pick<TourResult, 'ok' | 'folder' | 'next'>, { paint }: View): string[] {
  return [
    ok ? paint.good('every step held') : paint.bad('a step did not hold; see above'),
    ...(folder === undefined ? [] : [`everything lies in ${folder}`]),
    'next, for real:',
    ...next.map((command) => `  ${paint.mark(command)}`),
  ];
}
