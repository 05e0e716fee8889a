/** What the services of this room are given, and where an identity's secrets lie in the key ring. */
import { hexOf, type Bytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import type { CryptoProvider, SignatureName } from '../crypto/index.ts';
import type { Home, KeyKind } from '../home/index.ts';
import type { Ring } from '../keys/index.ts';

export interface IdentityRoom {
  readonly home: Home;
  readonly crypto: CryptoProvider;
  /** Unlocks the key ring when first asked; the same ring afterwards. Only what needs a private key asks. */
  readonly ring: () => Promise<Ring>;
}

/** Names of secrets. Every one begins with the identity's id; backups leave out what lies under `prekey`. */
export const secretNames = {
  all: (id: Cid): string => `${id}/`,
  root: (id: Cid, algorithm: SignatureName): string => `${id}/root/${algorithm}`,
  signing: (id: Cid, algorithm: SignatureName): string => `${id}/signing/${algorithm}`,
  kem: (id: Cid, kind: KeyKind, keyId: Bytes): string => `${id}/${kind === 'prekey' ? 'prekey' : 'kem'}/${hexOf(keyId)}`,
  inbox: (id: Cid, inbox: Cid): string => `${id}/inbox/${inbox}`,
  outbox: (id: Cid): string => `${id}/outbox`,
};

export const isPrekeySecret = (name: string): boolean => /^[^/]+\/prekey\//.test(name);
