/**
 * A sender that dies anywhere: what was acknowledged is there, nothing is there twice, and the outbox knows which. Used by the suite at a few
 * seeded places, and by acceptance at all of them.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';
import { equalBytes } from '../../../src/core/base/bytes.ts';
import { bytesInput } from '../../../src/core/mail/input.ts';
import type { OmniPlex } from '../../../src/core/omniplex.ts';
import { freshWorld, introduce, type Operator } from '../../support/mail.ts';
import { all, packetOf, read, told } from '../../support/reader.ts';
import { SeededChoice } from '../storage/random.ts';
import { contentOf, idsOf, type Said, type Scenario } from './doomed-sender.ts';

type Acknowledged = ReadonlyArray<{ readonly cid: string; readonly id: string }>;

async function runDoomed(home: string, store: string, scenario: Scenario, trial: number, killAt: number): Promise<readonly Said[]> {
  const args = [join(import.meta.dirname, 'doomed-sender.ts'), home, store, scenario, String(trial), String(killAt)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  const signal = await new Promise<NodeJS.Signals | null>((resolve, reject) => child.on('error', reject).on('close', (_, by) => resolve(by)));
  const lines = Buffer.concat(said).toString('utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line) as Said);
  expect(signal).toBe(lines.some((line) => 'alive' in line) ? null : 'SIGKILL');
  return lines;
}

/** CIDs of messages in alice's inbox; the packets of a stream but its last are no messages. */
const messagesTold = async (alice: Operator): Promise<readonly string[]> =>
  (await told(alice)).filter((row) => ['single', 'end'].includes(packetOf(row).fragment)).map(({ cid }) => cid.toString());

async function expectSound(alice: Operator, bob: OmniPlex, ids: readonly string[], acknowledged: Acknowledged): Promise<void> {
  const messages = (await bob.outbox.list()).result.messages.filter(({ id }) => id !== undefined && ids.includes(id));
  const inInbox = await messagesTold(alice);
  const journaled = new Set((await all((await bob.store()).journal.since(0))).map(({ cid }) => cid.toString()));
  for (const { state, cid } of messages) {
    expect(['announced', 'failed']).toContain(state);
    if (state === 'announced') expect(journaled).toContain(cid);
  }
  const announced = messages.filter(({ state }) => state === 'announced').map(({ cid }) => String(cid));
  expect(inInbox.toSorted()).toEqual(announced.toSorted());
  for (const { cid, id } of acknowledged) {
    expect(announced).toContain(cid);
    expect(equalBytes((await read(alice, cid)).content, contentOf(id))).toBe(true);
  }
}

/** What was asked, asked again: with the same ids it is the same effect. */
async function sendAgain(alice: Operator, bob: OmniPlex, ids: readonly string[], acknowledged: Acknowledged): Promise<void> {
  const sent: string[] = [];
  for (const id of ids) {
    const { result } = await bob.send({ input: bytesInput(contentOf(id)), to: ['alice'], id });
    sent.push(result.cid);
    for (const one of acknowledged) if (one.id === id) expect(one.cid).toBe(result.cid);
    expect(equalBytes((await read(alice, result.cid)).content, contentOf(id))).toBe(true);
    expect((await bob.outbox.show(id)).result).toMatchObject({ cid: result.cid, state: 'announced' });
  }
  expect((await messagesTold(alice)).toSorted()).toEqual(sent.toSorted());
}

export interface CrashOptions {
  readonly scenario: Scenario;
  /** How many places, drawn from a seed; without it all of them. */
  readonly sample?: { readonly seed: number; readonly places: number };
}

/** Answers how many places there were to die at. */
export async function crashTrials({ scenario, sample }: CrashOptions): Promise<number> {
  const world = await freshWorld();
  const [alice, bob] = [await world.operator('alice'), await world.operator('bob')];
  await introduce(alice, bob);
  await introduce(bob, alice);
  await bob.app.close();
  let trial = 0;
  const dieAt = async (killAt: number): Promise<number> => {
    trial++;
    for (const { inbox, cid } of await told(alice)) await (await alice.app.store()).hot.inbox.withdraw(inbox, cid);
    const said = await runDoomed(bob.home, world.store, scenario, trial, killAt);
    const ids = idsOf(scenario, trial);
    const acknowledged = said.filter((line) => 'cid' in line);
    const app = await bob.again();
    await expectSound(alice, app, ids, acknowledged);
    await sendAgain(alice, app, ids, acknowledged);
    await app.close();
    return said.find((line) => 'alive' in line)?.steps ?? 0;
  };
  const places = await dieAt(Number.MAX_SAFE_INTEGER);
  const choice = new SeededChoice(sample?.seed ?? 0);
  const chosen = sample === undefined ? Array.from({ length: places }, (_, i) => i) : Array.from({ length: sample.places }, () => choice.below(places));
  for (const place of chosen) await dieAt(place + 1);
  return places;
}
