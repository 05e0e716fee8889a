/**
 * The doctor: named checks of the machine, the settings, the home and the store, each with advice. It works when everything is down,
 * changes nothing, and opens no private key. What it does not promise: that blocks hold (store verify), that signatures and
 * primitives do (selftest), or that a passphrase is the right one.
 */
import { fail, isError, type OmniplexError } from '../base/errors.ts';
import { openHome } from '../home/home.ts';
import { openStore } from '../storage/store.ts';
import { factsOf, type DoctorFacts } from './doctor/bundle.ts';
import { homeExaminations } from './doctor/home.ts';
import { machineExaminations } from './doctor/machine.ts';
import { examine, type DoctorRoom, type Examination, type Finding, type Patients } from './doctor/room.ts';
import { elsewhereExaminations, storeExaminations } from './doctor/store.ts';

/** Those that it can be sent to alone. */
const backends = ['embedded'] as const;
const LATER_BACKENDS: readonly string[] = ['redis', 'ipfs', 's3', 'vault', 'pkcs11'];

export interface DoctorOptions {
  /** Only what this backend consists of. */
  readonly backend?: string | undefined;
  /** Told of each finding as soon as there is one. */
  readonly onFinding?: ((finding: Finding) => void) | undefined;
}

export interface Diagnosis {
  readonly findings: readonly Finding[];
  readonly failed: number;
  readonly warned: number;
  /** Counts for the bundle. */
  readonly facts: DoctorFacts;
}

/** Throws E_NOT_SUPPORTED, E_USAGE for the name of a backend; everything else that is wrong is a finding. */
export async function doctor(room: DoctorRoom, { backend, onFinding }: DoctorOptions = {}): Promise<Diagnosis> {
  const examinations = examinationsFor(room, backend);
  const { patients, close } = patientsOf(room);
  const findings: Finding[] = [];
  let facts: DoctorFacts = {};
  try {
    for (const examination of examinations) {
      const finding = await examine(room, patients, examination);
      findings.push(finding);
      onFinding?.(finding);
    }
    facts = await factsOf(patients);
  } finally {
    await close();
  }
  const count = (verdict: Finding['verdict']) => findings.filter((finding) => finding.verdict === verdict).length;
  return { findings, failed: count('fail'), warned: count('warn'), facts };
}

/** E_DOCTOR when a check failed; warnings are advice and no failure. */
export const diagnosisError = ({ findings, failed }: Pick<Diagnosis, 'findings' | 'failed'>): OmniplexError | undefined =>
  failed === 0 ? undefined : fail('E_DOCTOR', { failed, checks: findings.length, names: findings.filter(({ verdict }) => verdict === 'fail').map(({ check }) => check).join(', ') });

const isFolder = (store: string | undefined): store is string => store !== undefined && !/^[a-z][a-z0-9+.-]*:\/\//.test(store);

function examinationsFor(room: DoctorRoom, backend: string | undefined): readonly Examination[] {
  const ofStore = isFolder(room.settings.store) ? storeExaminations : elsewhereExaminations;
  if (backend === undefined) return [...machineExaminations(room), ...homeExaminations, ...ofStore];
  if (LATER_BACKENDS.includes(backend)) throw fail('E_NOT_SUPPORTED', { what: `backend ${backend}`, backend: 'this release: its stores are embedded' });
  if (!backends.some((known) => known === backend)) throw fail('E_USAGE', { why: `--backend: expects ${backends.join(', ')}` });
  return ofStore;
}

function patientsOf({ settings, clock, rng }: DoctorRoom): { readonly patients: Patients; readonly close: () => Promise<void> } {
  const opened: { close(): void | Promise<void> }[] = [];
  const once = <T extends { close(): void | Promise<void> }>(open: () => Promise<T>): (() => Promise<T>) => {
    let made: Promise<T> | undefined;
    return () => (made ??= open().then((resource) => (opened.push(resource), resource)));
  };
  const home = once(() => openHome(settings.home, { clock, rng }));
  const store = once(async () => {
    if (!isFolder(settings.store)) throw fail('E_NOT_SUPPORTED', { what: 'a store elsewhere', backend: 'this release: name a folder' });
    return openStore(settings.store, { clock, rng, holder: 'omniplex doctor', hotBudgetBytes: settings['hot.budget'] });
  });
  const close = async () => {
    for (const resource of opened) {
      try {
        await resource.close();
      } catch (error) {
        // What does not close was said to be broken already; anything else is a bug.
        if (!isError(error)) throw error;
      }
    }
  };
  return { patients: { home, store }, close };
}
