/** The face of the room: what others may use. */
export { readContent, type ReadOptions } from './content.ts';
export * from './describe.ts';
export { eraseHash, eraseToken } from './erase.ts';
export { decodeEvidence, encodeEvidence, verifyEvidence, type Evidence } from './evidence.ts';
export { coreDigest, decodeManifest, type Content, type Manifest, type ManifestCore } from './manifest.ts';
export { blockLinks, decodeNode, linkLayout, type LinkLayout } from './nodes.ts';
export { openManifest, openOpening, type OpenedMessage, type OpenedStream, type OpenKeys, type OpenOptions, type SenderKeys, type SenderResult } from './open.ts';
export { checkOpening, decodeOpening, type Opening } from './opening.ts';
export { paddedBytes, paddings, type Padding } from './padding.ts';
export { Passphrase } from './passphrase.ts';
export type { Input } from './plain-blocks.ts';
export { prepareMessage, type PreparedMessage, type SealRequest, type Sender } from './prepare.ts';
export { decodeReceipt, encodeReceipt, isReceipt, RECEIPT_MEDIA_TYPE, readReceipt, receiptStates, type Receipt, type ReceiptState } from './receipt.ts';
export { sealMessage, sealPrepared, type SealedMessage } from './seal.ts';
export type { SealOptions } from './seal-content.ts';
export { receiptWishes, type Introduction, type Metadata, type ReceiptWish, type SenderClaim } from './sealed.ts';
export type { KemKey, KemKeyType, KemRecipient, Stanza, StanzaKeys } from './stanza.ts';
