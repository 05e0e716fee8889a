/** The face of the room: what others may use. */
export { readContent, type ReadOptions } from './content.ts';
export { describeBlock, describeCiphertext } from './describe.ts';
export { eraseHash, eraseToken } from './erase.ts';
export { decodeEvidence, encodeEvidence, verifyEvidence } from './evidence.ts';
export { decodeManifest } from './manifest.ts';
export { blockLinks, linkLayout } from './nodes.ts';
export { openManifest, openOpening, type OpenedMessage, type OpenKeys, type OpenOptions, type SenderKeys, type SenderResult } from './open.ts';
export { checkOpening, decodeOpening } from './opening.ts';
export { paddedBytes, paddings, type Padding } from './padding.ts';
export { Passphrase } from './passphrase.ts';
export type { Input } from './plain-blocks.ts';
export { prepareMessage, type PreparedMessage, type SealRequest, type Sender } from './prepare.ts';
export { decodeReceipt, encodeReceipt, isReceipt, RECEIPT_MEDIA_TYPE, readReceipt, receiptStates, type ReceiptState } from './receipt.ts';
export { sealMessage, sealPrepared, type SealedMessage } from './seal.ts';
export type { SealOptions } from './seal-content.ts';
export type { Metadata } from './sealed.ts';
export type { KemKey, KemKeyType, KemRecipient } from './stanza.ts';
