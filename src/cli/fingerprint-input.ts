/** Twelve words, as a person types what it hears, or as the file of --fingerprint-file has them. */
import { fail, isError } from '../core/base/errors.ts';
import type { Fingerprint, FingerprintLine } from '../core/identity/index.ts';
import type { Session } from './session.ts';

/** Throws E_NOT_FOUND, E_FORMAT naming the line. */
export async function readFingerprints(path: string): Promise<ReadonlyMap<string, FingerprintLine>> {
  const [{ readBounded }, { limits }, { parseFingerprintFile }] = await Promise.all([
    import('../core/base/files.ts'),
    import('../core/base/limits.ts'),
    import('../core/identity/index.ts'),
  ]);
  return parseFingerprintFile(await readBounded(path, limits.fingerprintFileBytesMax));
}

/** The words for one contact, out of the file or typed. Throws E_FINGERPRINT when the file has no line for it, E_FLAG_NEEDED. */
export async function fingerprintFor(session: Session, name: string, file: string | undefined): Promise<Fingerprint> {
  if (file === undefined) return askForFingerprint(session, name);
  const line = (await readFingerprints(file)).get(name);
  if (line === undefined) throw fail('E_FINGERPRINT', { names: `"${name}" (not in the file)`, mismatches: [{ name }] });
  return line.words;
}

async function askForFingerprint(session: Session, name: string): Promise<Fingerprint> {
  const { parseFingerprint } = await import('../core/identity/index.ts');
  const check = (typed: string): true | string => {
    try {
      parseFingerprint(typed);
      return true;
    } catch (error) {
      if (!isError(error, 'E_USAGE')) throw error;
      return `${String(error.details['why'])}; twelve words, or four letters of each`;
    }
  };
  const prompts = await session.prompts();
  const question = `Ask ${name} to read the twelve words aloud. Type what you hear`;
  return parseFingerprint(await prompts.text({ question, flag: '--fingerprint-file FILE', check }));
}
