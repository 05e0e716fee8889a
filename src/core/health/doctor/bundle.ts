/**
 * What a doctor hands over for others to read: findings, settings, versions and counts. No key, no passphrase, no token; no name of an
 * identity or a contact; no CID and nothing of any message. The user's home directory is written as `~`.
 */
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { bytesOf } from '../../base/bytes.ts';
import { rfc3339 } from '../../base/clock.ts';
import { settingKeys, type SettingKey } from '../../base/config.ts';
import { isError } from '../../base/errors.ts';
import { lastJobs } from '../../storage/jobs.ts';
import type { TarMember } from '../tar.ts';
import type { DoctorRoom, Finding, Patients } from './room.ts';

/** Counts that only an open home and store know; absent where one does not open. */
export interface DoctorFacts {
  readonly outbox?: Readonly<Record<string, number>>;
  readonly store?: object;
}

export interface BundleContent {
  readonly holds: readonly { readonly name: string; readonly what: string }[];
  readonly lacks: readonly string[];
}

/** Said before anything is written. */
export const bundleContent: BundleContent = {
  holds: [
    { name: 'README.txt', what: 'this list' },
    { name: 'findings.json', what: 'what the checks said' },
    { name: 'settings.json', what: 'every setting and where it comes from; paths, no content of files' },
    { name: 'machine.json', what: 'versions, processor count, memory' },
    { name: 'counts.json', what: 'numbers of the outbox and the store, locks, last jobs' },
  ],
  lacks: ['keys and passphrases', 'tokens', 'names of identities and contacts', 'messages and their CIDs', 'the name of this machine'],
};

/** Settings whose value is somebody's name. */
const NAMES: ReadonlySet<SettingKey> = new Set(['as']);

async function tried<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (isError(error)) return undefined;
    throw error;
  }
}

export async function factsOf({ home, store: open }: Patients): Promise<DoctorFacts> {
  const outbox = await tried(async () => (await home()).outbox.counts());
  const store = await tried(async () => {
    const opened = await open();
    const locks = (await opened.locks.list()).map(({ name, holder, state, acquiredAtMs, leaseEndsAtMs }) => ({ name, holder, state, acquired: rfc3339(acquiredAtMs), leaseEnds: rfc3339(leaseEndsAtMs) }));
    const jobs = (await lastJobs(opened)).map(({ startedAtMs, endedAtMs, ...run }) => ({ ...run, started: rfc3339(startedAtMs), ended: rfc3339(endedAtMs) }));
    return { hot: { ...(await opened.hot.usage()), budget: opened.hotBudgetBytes }, locks, jobs };
  });
  return { ...(outbox && { outbox }), ...(store && { store }) };
}

const settingsOf = ({ settings, context, settingsError }: DoctorRoom) => ({
  context: context ?? null,
  unusable: settingsError?.message ?? null,
  values: Object.fromEntries(settingKeys.map((key) => [key, settings[key] === undefined ? null : NAMES.has(key) ? '(set)' : settings[key]])),
});

const machineOf = (version: string) => ({
  omniplex: version,
  node: process.versions.node,
  openssl: process.versions.openssl,
  sqlite: process.versions['sqlite'] ?? null,
  platform: `${platform()} ${arch()} ${release()}`,
  processors: cpus().length,
  memoryBytes: totalmem(),
});

function readme(nowMs: number): string {
  const { holds, lacks } = bundleContent;
  return [`Made by \`omniplex doctor\` at ${rfc3339(nowMs)}.`, '', 'It holds:', ...holds.map(({ name, what }) => `  ${name.padEnd(14)} ${what}`), '', 'It does not hold:', ...lacks.map((what) => `  ${what}`), ''].join('\n');
}

export interface BundleSources {
  readonly room: DoctorRoom;
  readonly findings: readonly Finding[];
  readonly facts: DoctorFacts;
  readonly version: string;
  /** Written as `~` wherever it occurs. */
  readonly userHome: string;
}

/** The members of the bundle, in the order in which they were announced. */
export function bundleMembers({ room, findings, facts, version, userHome }: BundleSources): readonly TarMember[] {
  const hide = (text: string): string => (userHome.length > 1 ? text.replaceAll(userHome, '~') : text);
  const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
  const texts: Readonly<Record<string, string>> = {
    'README.txt': readme(room.clock.now()),
    'findings.json': json(findings.map(({ check, verdict, says, code }) => ({ check, verdict, says, code: code ?? null }))),
    'settings.json': json(settingsOf(room)),
    'machine.json': json(machineOf(version)),
    'counts.json': json(facts),
  };
  return bundleContent.holds.map(({ name }) => ({ name, bytes: bytesOf(hide(texts[name] ?? '')) }));
}
