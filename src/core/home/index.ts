/** The face of the room: what others may use. */
export { createHome, Home, openHome, type HomeOptions } from './home.ts';
export type { BackupRecord } from './backups.ts';
export type { MessageRecord } from './messages.ts';
export {
  recipientStates, type Delivery, type EntryHolder, type Evidence, type NewDelivery, type NewEntry, type OutboxEntry, type OutboxPage, type RecipientState, type Settlement,
} from './outbox.ts';
export type { ActorRecord, BundleRecord, ContactRecord, IdentityRecord, KeyKind, KeyRecord, Verification } from './people.ts';
export { mayBeCopied, requireOriginalPlace, witness } from './witness.ts';
