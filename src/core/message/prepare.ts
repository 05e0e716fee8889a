/**
 * The start of a message: its fresh key and salt, and the stanzas. All that a stream can announce before its content is read.
 * Spec: docs/PROTOCOL.md, Keys of a message and Stanzas.
 */
import type { Block } from '../base/block.ts';
import { wipe, type Bytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { shuffle } from '../base/rng.ts';
import { Secret } from '../base/secret.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { SigningKeys } from '../crypto/signatures.ts';
import { deriveMessageKeys, MESSAGE_KEY_BYTES, MESSAGE_SALT_BYTES, type MessageKeys } from './keys.ts';
import { encodeOpening } from './opening.ts';
import type { Padding } from './padding.ts';
import type { Passphrase } from './passphrase.ts';
import type { Introduction, Metadata } from './sealed.ts';
import { sealPassphrase, sealSecret, sealXWing, type KemRecipient, type Stanza } from './stanza.ts';

export interface Sender {
  readonly identity: Cid;
  /** The bundle that certifies the signing keys. */
  readonly bundleSeq: number;
  /** One for each algorithm that the identity declares. */
  readonly signingKeys: SigningKeys;
}

export interface SealRequest {
  /** May be left out only where the sole stanza is a session's, whose key already says who speaks. */
  readonly sender?: Sender;
  readonly recipients: readonly KemRecipient[];
  /** Stands alone. Left to the caller to dispose. */
  readonly passphrase?: Passphrase;
  /** Secrets of sessions and of group epochs; left to the caller to dispose. */
  readonly session?: readonly Secret[];
  readonly group?: readonly Secret[];
  readonly metadata: Omit<Metadata, 'bytes' | 'sender' | 'introduction'>;
  readonly padding: Padding;
  readonly introduction?: Introduction;
  /** The outbox secret of the key ring, from which the erase token is derived. */
  readonly eraseSecret: Bytes;
}

export interface PreparedMessage {
  readonly request: SealRequest;
  readonly salt: Bytes;
  readonly stanzas: readonly Stanza[];
  /** Number of the stanza of each recipient: first `recipients`, then `session`, `group`, `passphrase`. The packet to a recipient carries it. */
  readonly stanzaOf: readonly number[];
  readonly messageKey: Secret;
  /** Authenticates the packets of this message where there is no session. */
  readonly headerKey: Secret;
  readonly keys: MessageKeys;
  /** The opening block of a stream. */
  opening(): Block;
}

/**
 * Draws a fresh message. It makes one manifest, ever: hand it to `sealPrepared` once.
 * Throws E_NO_RECIPIENT, E_TOO_MANY (recipients), E_KEY_INVALID (a recipient's), E_NO_IDENTITY (no sender where one is needed),
 * E_USAGE (a passphrase beside other recipients).
 */
export async function prepareMessage(provider: CryptoProvider, request: SealRequest): Promise<PreparedMessage> {
  checkRequest(request);
  const salt = provider.rng.bytes(MESSAGE_SALT_BYTES);
  const messageKey = provider.rng.bytes(MESSAGE_KEY_BYTES);
  const made = makeStanzas(provider, messageKey, salt, request);
  if (request.passphrase !== undefined) made.push(await makePassphraseStanza(provider, messageKey, salt, request.passphrase));
  const order = shuffle(provider.rng, made.map((_, i) => i));
  const stanzas = order.map((i) => made[i] as Stanza);
  const stanzaOf = made.map((_, i) => order.indexOf(i));
  const keys = deriveMessageKeys(provider, messageKey, salt);
  const opening = (): Block => encodeOpening({ salt, stanzas });
  return { request, salt, stanzas, stanzaOf, messageKey: new Secret(messageKey), headerKey: new Secret(keys.header.slice()), keys, opening };
}

function checkRequest({ recipients, passphrase, session = [], group = [], sender }: SealRequest): void {
  const others = recipients.length + session.length + group.length;
  const count = others + (passphrase === undefined ? 0 : 1);
  if (count === 0) throw fail('E_NO_RECIPIENT');
  if (count > limits.recipientsMax) throw fail('E_TOO_MANY', { what: 'recipients', count, max: limits.recipientsMax });
  if (passphrase !== undefined && others > 0) throw fail('E_USAGE', { why: 'a message to a passphrase has no other recipient' });
  if (sender === undefined && !(count === 1 && session.length === 1)) throw fail('E_NO_IDENTITY');
}

function makeStanzas(provider: CryptoProvider, messageKey: Bytes, salt: Bytes, { recipients, session = [], group = [] }: SealRequest): Stanza[] {
  const stanzas: Stanza[] = recipients.map((recipient) => sealXWing(provider, messageKey, recipient));
  for (const secret of session) stanzas.push(sealSecret(provider, 'session', messageKey, salt, secret));
  for (const secret of group) stanzas.push(sealSecret(provider, 'group', messageKey, salt, secret));
  return stanzas;
}

async function makePassphraseStanza(provider: CryptoProvider, messageKey: Bytes, salt: Bytes, passphrase: Passphrase): Promise<Stanza> {
  const derivation = await passphrase.forSealing();
  const stanza = sealPassphrase(provider, messageKey, salt, derivation);
  wipe(derivation.secret);
  return stanza;
}
