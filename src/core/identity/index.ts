/** The face of the room: what others may use. */
export { Identities } from './identities.ts';
export { Contacts } from './contacts.ts';
export { contactRecipient, introducedRecipient, latestExpiry, recipientKeyFor } from './recipients.ts';
export { signingKeysUnder } from './history.ts';
export { believeBlocks, decodeBundleFile, encodeBundleFile, introductionBlocks, readIntroductions, type Introduction } from './introduction.ts';
export { decodeBundle } from './bundle.ts';
export { decodeGenesis } from './genesis.ts';
export { decodeInbox } from './inbox.ts';
export { decodeRevocation } from './revocation.ts';
export { fingerprintMatches, fingerprintOf, formatFingerprint, parseFingerprint, wordOf, type Fingerprint } from './fingerprint.ts';
export { parseFingerprintFile, type FingerprintLine } from './fingerprint-file.ts';
export { isActorName, parseActorName } from './name.ts';
export { rotations } from './own-keys.ts';
export { parseSecretName, type IdentityRoom } from './room.ts';
export type { ContactSummary, IdentitySummary } from './summary.ts';
