/**
 * The home in a backup: secrets of the key ring without prekeys, and the rows of people and outbox. Opened messages come along only
 * with the store. A prekey that lay in backups could not be destroyed; so what was sealed to one is lost with the home.
 */
import { wipe, type Bytes } from '../base/bytes.ts';
import { decode, encode, Reader, type Value } from '../base/codec.ts';
import { fail } from '../base/errors.ts';
import type {
  ActorRecord, BundleRecord, ContactRecord, Home, IdentityRecord, KeyRecord, MessageRecord, OutboxEntry,
} from '../home/index.ts';
import { parseSecretName } from '../identity/index.ts';
import type { Ring } from '../keys/index.ts';
import { KIND, type BackupRecord } from './format.ts';

/** What a restored home needs to be told from the one it was made of: see home/witness.ts. */
export interface HomeOrigin {
  readonly generation: number;
  readonly witnessKey: Bytes;
}

const rowKinds = ['origin', 'identity', 'contact', 'actor', 'bundle', 'key', 'setting', 'outbox', 'message'] as const;
type RowKind = (typeof rowKinds)[number];

const row = (kind: RowKind, value: object): BackupRecord => ({ type: 'home', payload: encode({ kind, row: value as Value }) });

/** Settings under this prefix are of one home and no other. */
const OWN_SETTINGS = 'home/';

export function* homeRecords(home: Home, ring: Ring, withMessages: boolean): Generator<BackupRecord> {
  const secrets = ring.copies((name) => parseSecretName(name)?.part !== 'prekey');
  const payload = encode(Object.fromEntries(secrets));
  wipe(...secrets.values());
  yield { type: 'secrets', payload };
  wipe(payload);
  const { people } = home;
  yield row('origin', { generation: home.generation, witnessKey: home.instance.witnessKey });
  for (const identity of people.identities.list('true')) yield row('identity', identity);
  for (const contact of people.contacts.list('true')) yield row('contact', contact);
  for (const actor of people.actors.list('true')) {
    yield row('actor', actor);
    for (const bundle of people.bundlesOf(actor.id, Number.MAX_SAFE_INTEGER)) yield row('bundle', bundle);
  }
  for (const key of people.keys.list("kind = 'identity'")) yield row('key', key);
  for (const setting of home.settings.list()) if (!setting.name.startsWith(OWN_SETTINGS)) yield row('setting', setting);
  for (const entry of home.outbox.all()) yield row('outbox', entry);
  if (withMessages) for (const message of home.messages.all()) yield row('message', message);
}

/** The names and values of a `secrets` record. Throws E_FORMAT. */
export function decodeSecrets(payload: Bytes): ReadonlyMap<string, Bytes> {
  const reader = new Reader(`${KIND}.secrets`, decode(KIND, payload));
  return new Map(reader.names().map((name) => [name, Uint8Array.from(reader.bytes(name))]));
}

/** Takes one `home` record in. The stream is authentic: its rows are those that this program wrote. Answers the origin when it is that. */
export function restoreRow(home: Home, payload: Bytes): HomeOrigin | undefined {
  const value = decode(KIND, payload) as { readonly kind?: unknown; readonly row?: unknown };
  const { people } = home;
  switch (value.kind as RowKind) {
    case 'origin':
      return value.row as HomeOrigin;
    case 'identity':
      people.identities.insert(value.row as IdentityRecord);
      break;
    case 'contact':
      people.contacts.insert(value.row as ContactRecord);
      break;
    case 'actor':
      people.actors.put(value.row as ActorRecord);
      break;
    case 'bundle':
      people.bundles.insert(value.row as BundleRecord);
      break;
    case 'key':
      people.keys.put(value.row as KeyRecord);
      break;
    case 'setting': {
      const { name, value: setting } = value.row as { readonly name: string; readonly value: Value };
      home.settings.set(name, setting);
      break;
    }
    case 'outbox':
      home.outbox.restore(value.row as OutboxEntry);
      break;
    case 'message':
      home.messages.put(value.row as MessageRecord);
      break;
    default:
      throw fail('E_FORMAT', { kind: KIND, why: 'a row is of no known kind' });
  }
  return undefined;
}

/** The checks that a restored home passes before it gets its name: nothing refers to what is not there. Throws E_FORMAT. */
export function requireWholeHome(home: Home, ring: Ring): void {
  for (const { id, name } of home.people.identities.list('true')) {
    if (home.people.actor(id) === undefined || home.people.newestBundle(id) === undefined || ring.names(`${id}/root/`).length === 0) {
      throw fail('E_FORMAT', { kind: KIND, why: `identity "${name}" is not whole in it` });
    }
  }
}
