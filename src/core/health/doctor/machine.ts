/** The machine and the settings: what everything else stands on. */
import { stat } from 'node:fs/promises';
import { arch, freemem, platform, totalmem } from 'node:os';
import { rfc3339 } from '../../base/clock.ts';
import { fail } from '../../base/errors.ts';
import { exists, modeOf } from '../../base/files.ts';
import { limits } from '../../base/limits.ts';
import { formatSize } from '../../base/size.ts';
import { loadProvider } from '../../crypto/index.ts';
import { bad, failure, ok, warn, type DoctorRoom, type Examination, type Finding, type Patients } from './room.ts';

const NODE_MAJOR = 26;
/** Unlocking takes 64 MiB, sealing buffers about as much. */
const FREE_MEMORY_BYTES = 256 * 1024 ** 2;
/** Nothing of OmniPlex is older. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);

const runtime: Examination = {
  check: 'node',
  look: async () => {
    const says = `Node ${process.versions.node}, OpenSSL ${process.versions.openssl}, ${platform()} ${arch()}`;
    if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR) return bad(says, `Use the Node that \`npm ci\` installed, version ${NODE_MAJOR} or newer.`, { code: 'E_RUNTIME' });
    return ok(says);
  },
};

const crypto: Examination = {
  check: 'crypto',
  look: async ({ settings, rng }) => {
    const { name } = await loadProvider(settings.provider, rng);
    if (name === 'native') return ok('native provider (OpenSSL has ML-KEM and ML-DSA)');
    return warn(`${name} provider: correct, and slower by far`, settings.provider === 'noble' ? 'It was chosen: `omniplex config remove provider` lets the native one work.' : 'Use a Node with OpenSSL 3.5 or newer.');
  },
};

const memory: Examination = {
  check: 'memory',
  look: async () => {
    const says = `${formatSize(freemem())} free of ${formatSize(totalmem())}`;
    return freemem() < FREE_MEMORY_BYTES ? warn(says, 'Unlocking the key ring takes 64 MiB: free some, or expect this process to be killed.') : ok(says);
  },
};

const clock: Examination = {
  check: 'clock',
  look: async ({ clock: given }, patients) => {
    const nowMs = given.now();
    const says = `it is ${rfc3339(nowMs).slice(0, 16)}Z`;
    const advice = 'Set the clock, and let NTP keep it: expiry, prekeys and locks go by it.';
    if (nowMs < EARLIEST_MS) return bad(`${says}, before OmniPlex existed`, advice);
    const newestMs = await newestBundleMs(patients);
    return newestMs > nowMs + limits.futureToleranceMs ? bad(`${says}, but a bundle of mine was made at ${rfc3339(newestMs).slice(0, 16)}Z`, advice) : ok(says);
  },
};

/** When the youngest of my own bundles was made; 0 where there is none to look at. */
async function newestBundleMs({ home: open }: Patients): Promise<number> {
  try {
    const home = await open();
    const { identitySummary } = await import('../../identity/summary.ts');
    return Math.max(0, ...home.people.identities.list('true').map((record) => identitySummary(home, record).issuedAtMs));
  } catch {
    // Why it does not open is said under its own name.
    return 0;
  }
}

const configuration: Examination = {
  check: 'settings',
  look: async ({ configPath, settingsError, context, settings }) => {
    if (settingsError !== undefined) {
      const advice = settingsError.code === 'E_CONFIG' ? `See \`omniplex config lint ${configPath}\`.` : settingsError.hint;
      return { ...failure(settingsError), advice: `${advice} What follows was looked at with the defaults.` };
    }
    const where = context === undefined ? 'no context' : `context ${context}${settings.env === undefined ? '' : ` (env ${settings.env})`}`;
    return ok((await exists(configPath)) ? `${configPath}, ${where}` : `no file at ${configPath}, so the defaults; ${where}`);
  },
};

/** A file that holds a secret: is it there, and is it ours alone? Its content is not read. */
async function secretFile(path: string, what: string): Promise<Omit<Finding, 'check'>> {
  if (!(await exists(path))) throw fail('E_NOT_FOUND', { what: path });
  const mode = await modeOf(path);
  if ((await stat(path)).isFile() && (mode & 0o077) !== 0) throw fail('E_MODE', { path, mode: mode.toString(8).padStart(4, '0') });
  return ok(`${what} comes from ${path}: whoever reads it, has it`);
}

const secretFiles = ({ settings }: DoctorRoom): readonly Examination[] => {
  const { 'passphrase-file': passphrase, 'token-file': token } = settings;
  return [
    ...(passphrase === undefined ? [] : [{ check: 'passphrase-file', look: () => secretFile(passphrase, 'the passphrase of the key ring') }]),
    ...(token === undefined ? [] : [{ check: 'token-file', look: () => secretFile(token, 'the token') }]),
  ];
};

export const machineExaminations = (room: DoctorRoom): readonly Examination[] => [runtime, crypto, memory, clock, configuration, ...secretFiles(room)];
