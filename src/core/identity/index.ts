/** The face of the room: what others may use. */
export { Identities, type CreateIdentity, type Rotated, type Signer } from './identities.ts';
export { Contacts, type ContactChange, type ContactResult, type NewContact } from './contacts.ts';
export { contactRecipient, introducedRecipient, latestExpiry, recipientKeyFor, type Recipient, type RecipientKey } from './recipients.ts';
export { resolveSender, type Sender } from './senders.ts';
export { believeBlocks, decodeBundleFile, encodeBundleFile, introductionBlocks, readIntroductions, type Introduction } from './introduction.ts';
export { decodeBundle, keyIdOf, type Bundle, type Prekey } from './bundle.ts';
export { decodeGenesis, type Genesis } from './genesis.ts';
export { decodeInbox, type Inbox } from './inbox.ts';
export { decodeRevocation, parseRevocationReason, revocationReasons, type Revocation, type RevocationReason } from './revocation.ts';
export { FINGERPRINT_WORDS, fingerprintMatches, fingerprintOf, formatFingerprint, parseFingerprint, wordOf, type Fingerprint } from './fingerprint.ts';
export { parseFingerprintFile, type FingerprintLine } from './fingerprint-file.ts';
export { isActorName, parseActorName } from './name.ts';
export { rotations, type Rotation } from './own-keys.ts';
export { parseSecretName, type IdentityRoom } from './room.ts';
export type { ContactSummary, IdentitySummary } from './summary.ts';
