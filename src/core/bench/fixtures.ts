/** What a benchmark of messages needs: a sender, a recipient, a session, and a sink that keeps nothing. */
import type { BlockSink } from '../base/block.ts';
import { cidOf, DAG_CBOR } from '../base/cid.ts';
import type { Clock } from '../base/clock.ts';
import { Secret } from '../base/secret.ts';
import type { CryptoProvider, PrivateKey, SignatureName } from '../crypto/provider.ts';
import type { SealRequest, Sender } from '../message/prepare.ts';
import type { KemRecipient } from '../message/stanza.ts';

export const nowhere: BlockSink = { releasesBytes: true, put: async () => undefined };

const keyOf = (crypto: CryptoProvider, name: SignatureName): PrivateKey => {
  const scheme = crypto.signature(name);
  return scheme.fromSeed(crypto.rng.bytes(scheme.seedBytes));
};

/** With the algorithms that an identity declares by default. */
const makeSender = (crypto: CryptoProvider): Sender => ({
  identity: cidOf(DAG_CBOR, crypto.rng.bytes(32)),
  bundleSeq: 1,
  signingKeys: { ed25519: keyOf(crypto, 'ed25519'), 'ml-dsa-65': keyOf(crypto, 'ml-dsa-65') },
});

function makeRecipient(crypto: CryptoProvider): KemRecipient {
  const kem = crypto.kem('x-wing');
  return { keyId: crypto.rng.bytes(32), keyType: 'prekey', publicKey: kem.fromSeed(crypto.rng.bytes(kem.seedBytes)).publicKey };
}

const common = (crypto: CryptoProvider, clock: Clock) => ({
  metadata: { name: 'report.txt', mediaType: 'text/plain', createdMs: clock.now(), expiresMs: 0 },
  padding: 'none' as const,
  eraseSecret: crypto.rng.bytes(32),
});

/** One X-Wing stanza, two signatures: what `send` makes for one recipient. */
export const signedRequest = (crypto: CryptoProvider, clock: Clock): SealRequest => ({
  ...common(crypto, clock),
  sender: makeSender(crypto),
  recipients: [makeRecipient(crypto)],
});

/** One stanza of a session and no signature. */
export const sessionRequest = (crypto: CryptoProvider, clock: Clock): SealRequest => ({
  ...common(crypto, clock),
  recipients: [],
  session: [new Secret(crypto.rng.bytes(32))],
});
