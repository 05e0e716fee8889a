/** The face of the room: what others may use. */
export { createHome, Home, openHome } from './home.ts';
export type { BackupRecord } from './backups.ts';
export type { MessageRecord } from './messages.ts';
export {
  recipientStates, type Delivery, type EntryHolder, type Evidence, type NewEntry, type OutboxEntry, type RecipientState,
} from './outbox.ts';
export type { ActorRecord, BundleRecord, ContactRecord, IdentityRecord, KeyKind, KeyRecord, Verification } from './people.ts';
export { witness } from './witness.ts';
