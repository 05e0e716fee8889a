/**
 * Vector files of a folder, wherever they lie in it: a flat copy or checkouts of the upstream repositories. A file is known by what
 * it holds, never by its name: Wycheproof JSON, the X-Wing draft's, HPKE's and BLAKE3's JSON, the multihash CSV. Everything else is passed over.
 */
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fail, isError } from '../../base/errors.ts';
import { fileError, readBounded } from '../../base/files.ts';
import { limits } from '../../base/limits.ts';
import type { CryptoProvider } from '../provider.ts';
import { tally, type CaseSet, type Tally, type Watch } from './case.ts';
import { blake3Cases, hpkeCases, multihashCases, xWingCases } from './draft-vectors.ts';
import { wycheproofCases } from './wycheproof.ts';

const readers: ReadonlyArray<(document: unknown) => CaseSet | undefined> = [wycheproofCases, xWingCases, hpkeCases, blake3Cases];

/** The cases of one file; undefined when it is none of the known formats. */
function recognise(name: string, text: string): CaseSet | undefined {
  if (name.endsWith('.csv')) return multihashCases(text);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  for (const read of readers) {
    const cases = read(document);
    if (cases !== undefined) return cases;
  }
  return undefined;
}

/** Not vectors: dependencies, and the samples that Wycheproof's own generator is tested with, whose answers are made up. */
const PASSED_OVER = new Set(['node_modules', 'vectorgen']);

/** Throws E_NOT_FOUND, E_IO, E_TOO_MANY. Links are not followed; hidden folders are passed over. */
async function candidates(folder: string): Promise<string[]> {
  const found: string[] = [];
  const waiting = [folder];
  let seen = 0;
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const entries = await readdir(at, { withFileTypes: true }).catch((cause: unknown) => Promise.reject(fileError(at as string, cause)));
    seen += entries.length;
    if (seen > limits.vectorFilesMax) throw fail('E_TOO_MANY', { what: 'files to search for vectors', count: seen, max: limits.vectorFilesMax });
    for (const entry of entries) {
      if (entry.isDirectory() && !entry.name.startsWith('.') && !PASSED_OVER.has(entry.name)) waiting.push(join(at, entry.name));
      else if (entry.isFile() && /\.(json|csv)$/.test(entry.name)) found.push(join(at, entry.name));
    }
  }
  return found.toSorted();
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return Buffer.from(await readBounded(path, limits.vectorFileBytesMax)).toString('utf8');
  } catch (error) {
    if (isError(error, 'E_FORMAT')) return undefined;
    throw error;
  }
}

/** Every case of every file under every provider. Throws E_NO_VECTORS when not one case could be run. */
export async function runVectors(folder: string, providers: readonly CryptoProvider[], watch: Watch = {}): Promise<Tally[]> {
  const rows: Tally[] = [];
  for (const path of await candidates(folder)) {
    const text = await textOf(path);
    const cases = text === undefined ? undefined : recognise(path, text);
    if (cases !== undefined) rows.push(...(await tally(relative(folder, path).split(sep).join('/'), cases, providers, watch)));
  }
  if (rows.every(({ passed, failed }) => passed + failed === 0)) throw fail('E_NO_VECTORS', { path: folder });
  return rows;
}
