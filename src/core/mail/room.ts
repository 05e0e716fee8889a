/**
 * What the use cases of this room are given: one operator's home, one store, and how the operator wants mail handled.
 * Opened by whoever calls (src/core/omniplex.ts); nothing here opens or closes them.
 */
import type { Warning } from '../base/errors.ts';
import type { IdentityRecord } from '../home/index.ts';
import type { Contacts } from '../identity/contacts.ts';
import type { Identities } from '../identity/identities.ts';
import type { IdentityRoom } from '../identity/room.ts';
import type { Padding } from '../message/padding.ts';
import type { Durability } from '../storage/ports.ts';
import type { Store } from '../storage/store.ts';

export interface MailSettings {
  /** To whom receipts that were asked for are sent. */
  readonly receipts: 'never' | 'verified' | 'always';
  readonly padding: Padding;
  readonly durability: Durability;
  readonly fetchPromotes: 'whole' | 'always' | 'never';
}

export interface MailRoom extends IdentityRoom {
  readonly store: Store;
  readonly identities: Identities;
  readonly contacts: Contacts;
  readonly settings: MailSettings;
  /** The identity that acts. Throws E_NO_IDENTITY, naming those there are. */
  readonly acting: () => IdentityRecord;
  /**
   * Where this home and this store first meet in a use case that writes: leaves the home's note in the store, once a run.
   * Throws E_HOME_COPIED when the home is a copy or was rolled back.
   */
  readonly original: () => Promise<void>;
  /** A warning for the answer; the work goes on. */
  readonly warn: (warning: Warning) => void;
}
