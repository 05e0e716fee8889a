/** What `inspect` answers: one of several kinds, told apart by `kind`. */
import { array, boolean, either, integer, nullable, object, oneOf, optional, record, string, time } from './schema.ts';

const hidden = array(string(), 'what cannot be seen without a key, a sentence each');
const cid = string('CID of these bytes');
const version = integer('of the format');
const fingerprint = string('the twelve words, apart by spaces');
const algorithms = array(oneOf(['ed25519', 'ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87', 'slh-dsa-sha2-128f']));
const reason = oneOf(['compromised', 'lost', 'superseded', 'retired', 'unspecified']);
const code = nullable(string('of what does not hold; null when all does'));

const recipients = {
  recipients: integer('stanzas; each is for one key and names nobody'),
  stanzas: record(integer(), 'by type'),
  postQuantum: nullable(boolean('null where it cannot be seen')),
};

const packet = object({
  ...{ kind: oneOf(['packet']), bytes: integer(), version, hidden },
  type: string(),
  code: string('the type byte without its mask bit, in hexadecimal'),
  masked: boolean('then all that follows but inbox, CRC and word 5 is hidden'),
  inbox: string('CID of the inbox block'),
  crc32: string(),
  digest: string('word 5'),
  flags: optional(array(string())),
  fragment: optional(nullable(string())),
  index: optional(integer()),
  qos: optional(integer()),
  timeoutMs: optional(integer()),
  session: optional(string()),
  sequence: optional(integer()),
  sender: optional(string('CID_S: a pseudonym, or the digest of an identity')),
  block: optional(string('CID of the block that it is about')),
  blockBytesMax: optional(integer('so much of that block a reader takes at most')),
  salt: optional(string()),
  expires: optional(nullable(time('null = never'))),
});

const manifest = object({
  ...{ kind: oneOf(['manifest']), cid, version, bytes: integer(), ...recipients, hidden },
  content: object({
    paddedBytes: integer('an upper bound of the true length'),
    ciphertextBytes: integer(),
    blocks: integer('raw blocks'),
    linkNodes: integer(),
    inlineBytes: integer('of the ciphertext, in the manifest itself'),
  }),
  sealedBytes: integer('of the sealed metadata'),
  erase: string('SHA-256 of the token that may erase it'),
});

const opening = object({ kind: oneOf(['opening']), cid, version, bytes: integer(), ...recipients, hidden });
const linkNode = object({ kind: oneOf(['link-node']), cid, version, bytes: integer(), links: integer(), linksTo: oneOf(['raw', 'dag-cbor']), hidden });
const contentBlock = object({ kind: oneOf(['content-block']), cid, bytes: integer(), chunks: integer(), hidden });
const genesis = object({ kind: oneOf(['genesis']), cid, version, bytes: integer(), fingerprint, algorithms, postQuantum: boolean(), hidden });

const claims = {
  identity: string('CID of the genesis block'),
  fingerprint,
  name: nullable(string('what the owner calls himself')),
  sequence: integer(),
  issued: time(),
  expires: time(),
  algorithms,
  signingFrom: integer('the first bundle that its signing keys sign'),
  kem: oneOf(['x-wing']),
  postQuantum: boolean(),
  prekeys: array(object({ id: string(), until: time() }), 'earliest first'),
  inboxes: array(string('CID'), 'the preferred one first'),
};

const bundle = object({ kind: oneOf(['bundle']), cid, version, bytes: integer(), previous: nullable(string('CID of the bundle before')), ...claims, hidden });
const revocation = object({ kind: oneOf(['revocation']), cid, version, bytes: integer(), identity: string(), fingerprint, reason, at: time(), hidden });
const inbox = object({ kind: oneOf(['inbox']), cid, bytes: integer(), hidden });
const carIndex = object({ kind: oneOf(['car-index']), cid, version, bytes: integer(), sections: integer(), messages: integer(), packets: integer(), bundles: integer(), receipts: integer(), hidden });

const receipt = {
  cid: string('CID of the manifest of the receipt'),
  of: nullable(string('CID of the message that it is about')),
  state: nullable(oneOf(['received', 'opened', 'refused'])),
  at: nullable(time('by the clock of the signer')),
  signer: nullable(object({ identity: string(), fingerprint, bundle: integer('under which it was signed'), name: nullable(string('what the signer calls himself')) })),
  signed: boolean('every signature holds, under keys that came along'),
  code,
};

const secrets = integer('message keys in it that open, or may open, anything but a receipt');
const evidence = object({ kind: oneOf(['evidence']), version, bytes: integer(), ...receipt, manifest, secrets, hidden });

const car = {
  bytes: integer(),
  sections: integer('blocks that were read'),
  roots: array(string('CID')),
  intact: boolean('nothing is cut and every block holds the bytes it is named after'),
  hidden,
};

const introduced = array(object({ ...claims, bundles: integer('of this identity in the file'), revoked: nullable(object({ reason, at: time() })), code }));

const message = object({
  cid: string(),
  facts: nullable(object({ ...recipients, paddedBytes: integer('an upper bound of the true length') })),
  blocks: object({ total: nullable(integer('null where nobody can count: its manifest is not here')), here: integer() }),
  whole: boolean(),
  inboxes: array(string('CID'), 'that its packets tell of it'),
  packets: integer(),
  expires: nullable(time('by its packets')),
  receipt: boolean('as the exporter says'),
  codes: array(string(), 'what is wrong with its manifest or its packets'),
});

const messagesCar = object({
  ...{ kind: oneOf(['car']), ...car },
  indexed: boolean('it has the index by which OmniPlex tells what is in it'),
  messages: array(message),
  identities: introduced,
  packets: integer(),
  receipts: integer(),
  others: integer('blocks that are no part of any of these'),
});

const bundleFile = object({ kind: oneOf(['bundle-file']), ...car, identities: introduced });

const evidenceCar = object({
  ...{ kind: oneOf(['evidence-car']), ...car },
  message: nullable(manifest),
  receipts: array(object(receipt)),
  counts: object({ received: integer(), opened: integer(), refused: integer(), refuted: integer('that prove nothing') }),
  identities: introduced,
  secrets,
});

const ciphertext = object({ kind: oneOf(['ciphertext']), bytes: integer(), plaintextBytes: integer(), chunks: integer(), salt: string(), commitment: string(), hidden });
const kdf = object({ name: oneOf(['argon2id']), memoryKib: integer(), passes: integer(), lanes: integer() });
const keyRing = object({ kind: oneOf(['key-ring']), bytes: integer(), version, kdf, sealedBytes: integer(), hidden });
const backup = object({ kind: oneOf(['backup']), bytes: integer(), version, created: time(), what: array(oneOf(['keys', 'store'])), kdf, sealedBytes: integer(), hidden });

export const inspected = either(
  ...[packet, manifest, opening, linkNode, contentBlock, genesis, bundle, revocation, inbox, carIndex, evidence, messagesCar, bundleFile, evidenceCar, ciphertext, keyRing, backup] as const,
);
