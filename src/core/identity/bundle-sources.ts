/**
 * People out of files: bundles, and any CAR that introduces somebody. Every file is read before anyone is added, and what is wrong
 * with any of them is said in one error that names them all.
 */
import { basename, extname } from 'node:path';
import type { Bytes } from '../base/bytes.ts';
import { fail, isError, type OmniplexError } from '../base/errors.ts';
import type { CryptoProvider } from '../crypto/index.ts';
import type { NewContact } from './contacts.ts';
import { readIntroductions, type Introduction } from './introduction.ts';

export interface BundleSource {
  /** As people know it: a path, or `stdin`. */
  readonly place: string;
  readonly open: () => AsyncIterable<Bytes>;
}

interface Refusal {
  readonly place: string;
  readonly error: OmniplexError;
}

/**
 * Those whom the files introduce, each once. `name` is the operator's, for exactly one. Throws E_USAGE (a name for several),
 * and for files that cannot be believed the code of the first: E_NOT_FOUND, E_FORMAT, E_SIGNATURE, E_BUNDLE_CHAIN, E_NOT_CANONICAL.
 */
export async function readPeople(crypto: CryptoProvider, sources: readonly BundleSource[], name?: string): Promise<readonly NewContact[]> {
  const people = new Map<string, NewContact>();
  const refusals: Refusal[] = [];
  for (const source of sources) {
    try {
      const fallbackName = basename(source.place, extname(source.place));
      for (const introduction of await introductionsIn(crypto, source)) {
        const id = introduction.genesis.id.toString();
        const known = people.get(id)?.introduction.newest.seq ?? 0;
        if (introduction.newest.seq > known) people.set(id, { introduction, fallbackName, ...(name !== undefined && { name }) });
      }
    } catch (error) {
      if (!isError(error) || isError(error, 'E_INTERRUPTED', 'E_TERMINATED', 'E_TIMEOUT')) throw error;
      refusals.push({ place: source.place, error });
    }
  }
  const [first, ...others] = refusals;
  if (first !== undefined) throw atPlaces(first, others);
  if (name !== undefined && people.size > 1) throw fail('E_USAGE', { why: `--name is for one, and these files introduce ${people.size}` });
  return [...people.values()];
}

/** The one whom this file introduces. Throws as `readPeople`; E_FORMAT when there are several. */
export async function readPerson(crypto: CryptoProvider, source: BundleSource): Promise<Introduction> {
  const [person, ...others] = await readPeople(crypto, [source]);
  if (person === undefined || others.length > 0) throw fail('E_FORMAT', { kind: `bundle file (${source.place})`, why: 'it introduces several identities' });
  return person.introduction;
}

async function introductionsIn(crypto: CryptoProvider, { place, open }: BundleSource): Promise<readonly Introduction[]> {
  const introductions = await readIntroductions(crypto, open(), place);
  if (introductions.length === 0) throw fail('E_FORMAT', { kind: 'bundle file', why: 'it introduces nobody' });
  return introductions;
}

/** The detail that says what an error is about, where that can be a file. */
const told = ({ details }: OmniplexError): string | undefined => ['kind', 'what', 'path'].find((key) => typeof details[key] === 'string');

/** Is it about a file, and not about names? */
export const isOfFile = (error: OmniplexError): boolean => told(error) !== undefined && !('names' in error.details);

/** The first refusal, told with its file and those of the others. */
export function atPlaces({ place, error }: Refusal, others: readonly Refusal[]): OmniplexError {
  const also = others.length === 0 ? '' : `, also ${others.map((one) => `${one.place} ${one.error.code}`).join(', ')}`;
  const { details } = error;
  const key = told(error);
  const text = key === undefined ? '' : String(details[key]);
  const where = text.includes(place) ? also.replace(/^, /, '') : `${place}${also}`;
  const refused = [{ place, code: error.code }, ...others.map((one) => ({ place: one.place, code: one.error.code }))];
  return fail(error.code, { ...details, ...(key !== undefined && where !== '' && { [key]: `${text} (${where})` }), refused, hint: error.hint }, error);
}
