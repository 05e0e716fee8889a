/**
 * The erase token: whoever shows it may have the message's tombstone, without saying who the sender is. It is derived,
 * so there is nothing to store and nothing to lose but the outbox secret. Spec: docs/PROTOCOL.md, Erase.
 */
import type { Bytes } from '../base/bytes.ts';
import { sha256 } from '../base/cid.ts';
import { label } from '../crypto/kdf.ts';
import type { CryptoProvider } from '../crypto/provider.ts';

const LABEL = label('erase');

/** The 32-byte token of the message with this salt. `outboxSecret` is the key ring's, never sent. */
export const eraseToken = (provider: CryptoProvider, outboxSecret: Bytes, salt: Bytes): Bytes => provider.hmacSha256(outboxSecret, LABEL, salt);

/** What the manifest shows: the hash that a shown token must have. */
export const eraseHash = (token: Bytes): Bytes => sha256(token);
