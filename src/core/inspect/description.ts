/**
 * What `omniplex inspect` answers: one kind of thing, as plain data. Bytes are lower-case hexadecimal, times RFC 3339, CIDs text.
 * `hidden` says in sentences what nobody can see without a key; it stands in every kind, so that no reader takes silence for absence.
 */
import type { SignatureName } from '../crypto/index.ts';
import type { RevocationReason } from '../identity/revocation.ts';
import type { ReceiptState } from '../message/receipt.ts';
import type { PacketDescription } from '../packet/describe.ts';

/** What the stanzas of a manifest or an opening block show. */
export interface Recipients {
  /** Stanzas; each is for one key, unnamed. */
  readonly recipients: number;
  /** How many stanzas of each type. */
  readonly stanzas: Readonly<Record<string, number>>;
  /** Null where it cannot be seen: how the secret of a session or a group came about. */
  readonly postQuantum: boolean | null;
}

interface Block {
  readonly cid: string;
  readonly bytes: number;
  readonly hidden: readonly string[];
}

export interface ManifestFacts extends Block, Recipients {
  readonly kind: 'manifest';
  readonly version: number;
  readonly content: {
    /** An upper bound of the true length. */
    readonly paddedBytes: number;
    readonly ciphertextBytes: number;
    readonly blocks: number;
    readonly linkNodes: number;
    readonly inlineBytes: number;
  };
  readonly sealedBytes: number;
  readonly erase: string;
}

export interface OpeningFacts extends Block, Recipients {
  readonly kind: 'opening';
  readonly version: number;
}

export interface LinkNodeFacts extends Block {
  readonly kind: 'link-node';
  readonly version: number;
  readonly links: number;
  readonly linksTo: 'raw' | 'dag-cbor';
}

export interface ContentBlockFacts extends Block {
  readonly kind: 'content-block';
  /** Of the content stream, as far as the length tells. */
  readonly chunks: number;
}

export interface GenesisFacts extends Block {
  readonly kind: 'genesis';
  readonly version: number;
  /** Twelve words, apart by spaces. */
  readonly fingerprint: string;
  readonly algorithms: readonly SignatureName[];
  readonly postQuantum: boolean;
}

/** What a bundle says. Nothing of it was checked unless the kind around it says so. */
export interface BundleClaims {
  readonly identity: string;
  readonly fingerprint: string;
  /** What the owner calls himself. */
  readonly name: string | null;
  readonly sequence: number;
  readonly issued: string;
  readonly expires: string;
  readonly algorithms: readonly SignatureName[];
  /** The first bundle that its signing keys sign. */
  readonly signingFrom: number;
  /** Of the identity key and of every prekey. */
  readonly kem: 'x-wing';
  readonly postQuantum: true;
  readonly prekeys: ReadonlyArray<{ readonly id: string; readonly until: string }>;
  readonly inboxes: readonly string[];
}

export interface BundleFacts extends Block, BundleClaims {
  readonly kind: 'bundle';
  readonly version: number;
  readonly previous: string | null;
}

export interface RevocationFacts extends Block {
  readonly kind: 'revocation';
  readonly version: number;
  readonly identity: string;
  readonly fingerprint: string;
  readonly reason: RevocationReason;
  readonly at: string;
}

export interface InboxFacts extends Block {
  readonly kind: 'inbox';
}

export interface CarIndexFacts extends Block {
  readonly kind: 'car-index';
  readonly version: number;
  readonly sections: number;
  readonly messages: number;
  readonly packets: number;
  readonly bundles: number;
  readonly receipts: number;
}

/** What one receipt, taken with its message key, says and by whom. */
export interface ReceiptFacts {
  /** The manifest of the receipt. */
  readonly cid: string;
  /** The message that it is about; null when it is no receipt, or does not open. */
  readonly of: string | null;
  readonly state: ReceiptState | null;
  /** By the signer's clock. */
  readonly at: string | null;
  /** Who it says signed it. */
  readonly signer: { readonly identity: string; readonly fingerprint: string; readonly bundle: number; readonly name: string | null } | null;
  /** Every signature that the signer's genesis asks for holds, under keys that came along. */
  readonly signed: boolean;
  /** Why it proves nothing; null when it does. */
  readonly code: string | null;
}

export interface EvidenceFacts extends Block, ReceiptFacts {
  readonly kind: 'evidence';
  readonly version: number;
  readonly manifest: ManifestFacts;
  /** Message keys in it that open anything but a receipt. */
  readonly secrets: number;
}

export interface CarMessageFacts {
  readonly cid: string;
  /** Null when its manifest is not in the file, or is none. */
  readonly facts: (Recipients & { readonly paddedBytes: number }) | null;
  /** `total` is null where nobody can count: the manifest is not in the file. */
  readonly blocks: { readonly total: number | null; readonly here: number };
  readonly whole: boolean;
  /** CIDs of the inboxes that its packets tell of it. */
  readonly inboxes: readonly string[];
  readonly packets: number;
  /** Of its packets; null when it never expires, or they hide it. */
  readonly expires: string | null;
  /** As the exporter says. */
  readonly receipt: boolean;
  /** What is wrong with its manifest or its packets. */
  readonly codes: readonly string[];
}

export interface IntroducedFacts extends BundleClaims {
  /** Of this identity in the file. */
  readonly bundles: number;
  readonly revoked: { readonly reason: RevocationReason; readonly at: string } | null;
  /** Null when every signature and the chain between the bundles hold, else the code of what does not. */
  readonly code: string | null;
}

interface AnyCar {
  readonly bytes: number;
  /** Blocks read. */
  readonly sections: number;
  readonly roots: readonly string[];
  /** The file is as it was written, as far as it can tell: nothing cut, every block hashed. */
  readonly intact: boolean;
  readonly hidden: readonly string[];
}

export interface CarFacts extends AnyCar {
  readonly kind: 'car';
  /** It carries the index by which OmniPlex tells what is in it. */
  readonly indexed: boolean;
  readonly messages: readonly CarMessageFacts[];
  readonly identities: readonly IntroducedFacts[];
  readonly packets: number;
  readonly receipts: number;
  /** Blocks that are no part of any of these. */
  readonly others: number;
}

export interface BundleFileFacts extends AnyCar {
  readonly kind: 'bundle-file';
  readonly identities: readonly IntroducedFacts[];
}

export interface EvidenceCarFacts extends AnyCar {
  readonly kind: 'evidence-car';
  /** The message that was sent; null when its manifest is not in the file. */
  readonly message: ManifestFacts | null;
  readonly receipts: readonly ReceiptFacts[];
  readonly counts: Readonly<Record<ReceiptState | 'refuted', number>>;
  readonly identities: readonly IntroducedFacts[];
  readonly secrets: number;
}

export interface CiphertextFacts {
  readonly kind: 'ciphertext';
  readonly bytes: number;
  readonly plaintextBytes: number;
  readonly chunks: number;
  readonly salt: string;
  readonly commitment: string;
  readonly hidden: readonly string[];
}

export interface StretchFacts {
  readonly name: 'argon2id';
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

export interface KeyRingFacts {
  readonly kind: 'key-ring';
  readonly bytes: number;
  readonly version: number;
  readonly kdf: StretchFacts;
  readonly sealedBytes: number;
  readonly hidden: readonly string[];
}

export interface BackupFacts {
  readonly kind: 'backup';
  readonly bytes: number;
  readonly version: number;
  readonly created: string;
  readonly what: ReadonlyArray<'keys' | 'store'>;
  readonly kdf: StretchFacts;
  readonly sealedBytes: number;
  readonly hidden: readonly string[];
}

export type BlockFacts =
  | PacketDescription
  | ManifestFacts
  | OpeningFacts
  | LinkNodeFacts
  | ContentBlockFacts
  | GenesisFacts
  | BundleFacts
  | RevocationFacts
  | InboxFacts
  | CarIndexFacts
  | EvidenceFacts;

export type Inspected = BlockFacts | CarFacts | BundleFileFacts | EvidenceCarFacts | CiphertextFacts | KeyRingFacts | BackupFacts;
