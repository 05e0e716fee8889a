/**
 * The home in a backup: secrets of the key ring without prekeys, and the rows of people and outbox. Opened messages come along only
 * with the store. A prekey that lay in backups could not be destroyed; so what was sealed to one is lost with the home.
 */
import { wipe, type Bytes } from '../base/bytes.ts';
import { decode, encode, Reader } from '../base/codec.ts';
import { fail } from '../base/errors.ts';
import { signatureParameters } from '../crypto/index.ts';
import type { Home } from '../home/index.ts';
import { parseSecretName } from '../identity/index.ts';
import type { Ring } from '../keys/index.ts';
import { KIND, type BackupRecord } from './format.ts';
import { decodeRow, encodeRow, type HomeOrigin, type HomeRow } from './rows.ts';

const SEED_BYTES = 32;
const SLH_DSA_SEED_BYTES = signatureParameters['slh-dsa-sha2-128f'].seedBytes;

const record = (payload: Bytes): BackupRecord => ({ type: 'home', payload });

export function* homeRecords(home: Home, ring: Ring, withMessages: boolean): Generator<BackupRecord> {
  const secrets = ring.copies((name) => parseSecretName(name)?.part !== 'prekey');
  const payload = encode(Object.fromEntries(secrets));
  wipe(...secrets.values());
  yield { type: 'secrets', payload };
  wipe(payload);
  const { people } = home;
  yield record(encodeRow('origin', { generation: home.generation, witnessKey: home.instance.witnessKey }));
  for (const identity of people.identities.list('true')) yield record(encodeRow('identity', identity));
  for (const contact of people.contacts.list('true')) yield record(encodeRow('contact', contact));
  for (const actor of people.actors.list('true')) {
    yield record(encodeRow('actor', actor));
    for (const bundle of people.bundlesOf(actor.id, Number.MAX_SAFE_INTEGER)) yield record(encodeRow('bundle', bundle));
  }
  for (const key of people.keys.list("kind = 'identity'")) yield record(encodeRow('key', key));
  for (const entry of home.outbox.all()) yield record(encodeRow('outbox', entry));
  if (withMessages) for (const message of home.messages.all()) yield record(encodeRow('message', message));
}

/** Which of an identity's secrets a backup may hold: never a prekey. */
const secretParts: readonly string[] = ['root', 'signing', 'kem', 'inbox', 'outbox'];
const RING_SECRETS = 'ring/';

/** The names and values of a `secrets` record. Throws E_FORMAT. */
export function decodeSecrets(payload: Bytes): ReadonlyMap<string, Bytes> {
  const reader = new Reader(`${KIND}.secrets`, decode(KIND, payload));
  return new Map(reader.names().map((name) => {
    const value = reader.bytes(name);
    const known = name.startsWith(RING_SECRETS) || secretParts.includes(parseSecretName(name)?.part ?? '');
    if (!known || (value.length !== SEED_BYTES && value.length !== SLH_DSA_SEED_BYTES)) throw fail('E_FORMAT', { kind: KIND, why: `secret "${name.slice(0, 120)}" is unknown, or of another length` });
    return [name, Uint8Array.from(value)];
  }));
}

/** Takes one `home` record in; answers the origin when it is that. Throws what `decodeRow` throws, and E_FORMAT on a row that is there already. */
export function restoreRow(home: Home, payload: Bytes): HomeOrigin | undefined {
  const decoded = decodeRow(payload);
  if (decoded.kind === 'origin') return decoded.row;
  if (!insert(home, decoded)) throw fail('E_FORMAT', { kind: KIND, why: `a row of kind ${decoded.kind} stands in it twice` });
  return undefined;
}

/** False when the home has one of its kind under this key. */
function insert({ people, outbox, messages }: Home, { kind, row }: Exclude<HomeRow, { kind: 'origin' }>): boolean {
  switch (kind) {
    case 'identity':
      return people.identities.insert(row) !== undefined;
    case 'contact':
      return people.contacts.insert(row) !== undefined;
    case 'actor':
      return people.actors.insert(row) !== undefined;
    case 'bundle':
      return people.bundles.insert(row) !== undefined;
    case 'key':
      return people.keys.insert(row) !== undefined;
    case 'outbox':
      return outbox.restore(row);
    case 'message':
      if (messages.find(row.cid) !== undefined) return false;
      messages.put(row);
      return true;
  }
}

/** The checks that a restored home passes before it gets its name: nothing refers to what is not there. Throws E_FORMAT. */
export function requireWholeHome(home: Home, ring: Ring): void {
  for (const { id, name } of home.people.identities.list('true')) {
    if (home.people.actor(id) === undefined || home.people.newestBundle(id) === undefined || ring.names(`${id}/root/`).length === 0) {
      throw fail('E_FORMAT', { kind: KIND, why: `identity "${name}" is not whole in it` });
    }
  }
}
