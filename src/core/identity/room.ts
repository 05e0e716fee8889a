/** What the services of this room are given, and where an identity's secrets lie in the key ring. */
import { hexOf, type Bytes } from '../base/bytes.ts';
import type { Cid } from '../base/cid.ts';
import type { CryptoProvider, SignatureName } from '../crypto/index.ts';
import type { Home, KeyKind } from '../home/index.ts';
import type { Ring } from '../keys/index.ts';

export interface IdentityRoom {
  readonly home: Home;
  readonly crypto: CryptoProvider;
  /** Unlocks the key ring when first asked; the same ring afterwards. Only what needs a private key asks. `create` makes one where there is none. */
  readonly ring: (options?: { readonly create?: boolean }) => Promise<Ring>;
}

/** Names of secrets. Every one begins with the identity's id; backups leave out what lies under `prekey`. */
export const secretNames = {
  all: (id: Cid): string => `${id}/`,
  root: (id: Cid, algorithm: SignatureName): string => `${id}/root/${algorithm}`,
  /** `from` as in the certificate: new keys stand beside the old ones until the bundle that names them is durable. */
  signing: (id: Cid, from: number, algorithm: SignatureName): string => `${id}/signing/${from}/${algorithm}`,
  kem: (id: Cid, kind: KeyKind, keyId: Bytes): string => `${id}/${kind === 'prekey' ? 'prekey' : 'kem'}/${hexOf(keyId)}`,
  inbox: (id: Cid, inbox: Cid): string => `${id}/inbox/${inbox}`,
  outbox: (id: Cid): string => `${id}/outbox`,
};

const IDENTITY_SECRET = /^(bafyrei[a-z2-7]{52})\/([a-z]+)\//;

/** What a name of a secret says; undefined where it is not one of this room's. */
export function parseSecretName(name: string): { readonly owner: string; readonly part: string } | undefined {
  const [, owner, part] = IDENTITY_SECRET.exec(`${name}/`) ?? [];
  return owner === undefined || part === undefined ? undefined : { owner, part };
}
