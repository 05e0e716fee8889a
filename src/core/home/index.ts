/** The face of the room: what others may use. */
export { createHome, Home, openHome } from './home.ts';
export type { BackupRecord } from './backups.ts';
export type { MessageRecord } from './messages.ts';
export type { Delivery, EntryHolder, Evidence, NewEntry, OutboxEntry } from './outbox-entry.ts';
export type { ActorRecord, BundleRecord, ContactRecord, IdentityRecord, KeyKind, KeyRecord, Verification } from './people.ts';
export { recipientStates, type RecipientState } from './recipient-states.ts';
export { witness } from './witness.ts';
