/**
 * Another kind of file where a CAR of messages was meant: an intact one is no damaged CAR, and has a command of its own. Told by its start alone;
 * what is not recognised goes on to the reader, which says what is wrong. Hostile input.
 */
import { concat, type Bytes } from '../base/bytes.ts';
import { piecesOf, readCar } from '../base/car.ts';
import { fail, isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { isIntroducing } from '../identity/introduction.ts';
import { isEvidence } from './block.ts';
import { looksOf } from './marks.ts';

interface Kind {
  readonly what: string;
  readonly hint: string;
}

const INSPECT = '`omniplex inspect FILE` tells what it says.';
const KINDS = {
  bundle: { what: 'an identity bundle', hint: 'Take it in with `omniplex contact add FILE`; of a contact that is known, `omniplex contact update NAME FILE`.' },
  evidence: { what: 'evidence of a message', hint: INSPECT },
  backup: { what: 'a backup of a home', hint: 'See `omniplex backup verify FILE` and `omniplex backup restore FILE`.' },
  'key-ring': { what: 'a key ring', hint: 'It belongs into its home and nowhere else; a home travels as a backup: `omniplex backup create`.' },
  packet: { what: 'a bare packet', hint: `A packet only announces a message, and travels in a CAR. ${INSPECT}` },
} as const satisfies Record<string, Kind>;

/** The same pieces. Throws E_USAGE, before the first of them, for an intact file of another kind. */
export async function* requireMessages(pieces: AsyncIterable<Bytes>, place: string): AsyncGenerator<Bytes> {
  const iterator = pieces[Symbol.asyncIterator]();
  try {
    const start: Bytes[] = [];
    let isWhole = false;
    for (let have = 0; have < limits.blockBytesMax && !isWhole; ) {
      const { done, value } = await iterator.next();
      if (done === true) isWhole = true;
      else have += start[start.push(value) - 1]?.length ?? 0;
    }
    const kind = await kindOf(concat(...start), isWhole);
    if (kind !== undefined) throw fail('E_USAGE', { why: `${place} is ${KINDS[kind].what}, and no CAR of messages`, hint: KINDS[kind].hint });
    yield* start;
    for (let next = isWhole ? undefined : await iterator.next(); next !== undefined && next.done !== true; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}

async function kindOf(head: Bytes, isWhole: boolean): Promise<keyof typeof KINDS | undefined> {
  const looks = looksOf(head, isWhole ? head.length : Number.MAX_SAFE_INTEGER);
  if (looks === 'backup' || looks === 'key-ring' || looks === 'packet') return looks;
  return looks === 'car' ? firstOf(head) : undefined;
}

/** Our own CARs begin with their index; these with what they are about. */
async function firstOf(head: Bytes): Promise<'bundle' | 'evidence' | undefined> {
  try {
    for await (const block of (await readCar(piecesOf(head), 'its start')).blocks) {
      if (isIntroducing(block)) return 'bundle';
      return isEvidence(block.bytes) ? 'evidence' : undefined;
    }
  } catch (error) {
    // cut or damaged: the reader of the whole file says where
    if (!isError(error)) throw error;
  }
  return undefined;
}
