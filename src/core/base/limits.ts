/**
 * Named bounds. Every loop, queue, retry, buffer, page and timeout takes its limit from here, with a reason and a source.
 * docs/LIMITS.md is generated from this table.
 */

export interface Limit {
  readonly value: number;
  readonly unit: string;
  readonly why: string;
  readonly source: string;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const limit = <const N extends number>(value: N, unit: string, why: string, source: string) => ({ value, unit, why, source }) as const satisfies Limit;

export const limitTable = {
  // blocks and codec
  blockBytesMax: limit(MIB, 'bytes', 'bitswap peers refuse larger blocks, and one block is read into memory whole', 'docs/PROTOCOL.md, Blocks'),
  codecDepthMax: limit(8, 'levels', 'no format nests deeper; deeper input is an attack on the stack', 'docs/PROTOCOL.md, Canonical form'),

  // content
  chunkBytes: limit(16 * KIB, 'bytes', 'plaintext of one chunk of the content stream', 'C2SP chunked-encryption'),
  chunkTagBytes: limit(16, 'bytes', 'AES-GCM tag, never shortened', 'C2SP chunked-encryption'),
  contentBlockBytes: limit(16 * (16 * KIB + 16), 'bytes', '16 full chunks of ciphertext a block', 'docs/PROTOCOL.md, Content'),
  tailBytesMax: limit(16_399, 'bytes', 'a rest under 16,400 bytes lies inline in the manifest', 'docs/PROTOCOL.md, Content'),
  linksMax: limit(4_096, 'links', 'links of a manifest or link node; 4,096 of 36 bytes stay well under a block', 'docs/PROTOCOL.md, Links'),
  linkDepthMax: limit(3, 'levels', 'three levels of nodes reach past 2^53 bytes', 'docs/PROTOCOL.md, Links'),
  contentBytesMax: limit(2 ** 44, 'bytes', '16 TiB; keeps every derived length exact in a double', 'docs/PROTOCOL.md, Content'),
  recipientsMax: limit(256, 'stanzas', '256 X-Wing stanzas make a manifest of about 309 KB', 'docs/PROTOCOL.md, Stanzas'),
  nameCharsMax: limit(255, 'characters', 'the longest file name of common file systems', 'POSIX NAME_MAX'),
  mediaTypeCharsMax: limit(127, 'characters', 'longest type or subtype name', 'RFC 6838, 4.2'),
  sealedPadBytes: limit(512, 'bytes', 'sealed metadata is padded to a multiple of this', 'docs/PROTOCOL.md, Sealed'),
  sealedBytesMax: limit(64 * KIB, 'bytes', 'metadata with an introduction is under 20 KiB', 'docs/PROTOCOL.md, Sealed'),

  // passphrases
  argonMemoryKib: limit(65_536, 'KiB', '64 MiB, 3 passes: about 0.2 s to unlock', 'RFC 9106, 4 (second recommended choice)'),
  argonPasses: limit(3, 'passes', 'see argonMemoryKib', 'RFC 9106, 4'),
  argonMemoryKibMax: limit(1_048_576, 'KiB', 'a hostile file must not ask for more than 1 GiB', 'docs/PROTOCOL.md, Passphrase stanza'),
  argonPassesMax: limit(16, 'passes', 'a hostile file must not ask for hours', 'docs/PROTOCOL.md, Passphrase stanza'),
  argonLanesMax: limit(16, 'lanes', 'as above', 'docs/PROTOCOL.md, Passphrase stanza'),
  passphraseBytesMax: limit(4 * KIB, 'bytes', 'a passphrase file that is longer is the wrong file', 'docs/SECURITY.md'),

  // packets
  packetBytes: limit(192, 'bytes', 'six 256-bit words, whatever the packet carries', 'docs/PROTOCOL.md, Packet'),
  fragmentsMax: limit(65_536, 'fragments', 'of one stream in the reassembler; longer streams are sent as a whole manifest', 'docs/PROTOCOL.md, Streams'),
  fragmentsWaitingMax: limit(64, 'packets', 'packets of a stream that may wait for its FragStart', 'docs/PROTOCOL.md, Streams'),
  streamsPerPeerMax: limit(64, 'streams', 'open streams of one peer', 'docs/PROTOCOL.md, Streams'),
  reassemblyBytesPerPeerMax: limit(64 * MIB, 'bytes', 'unassembled bytes that one peer may make us hold', 'docs/PROTOCOL.md, Streams'),

  // identities
  prekeysMax: limit(4, 'prekeys', 'live prekeys of a bundle; a receiver tries each', 'docs/PROTOCOL.md, Bundle'),
  inboxesMax: limit(8, 'inboxes', 'inboxes of a bundle', 'docs/PROTOCOL.md, Bundle'),
  bundleChainMax: limit(10_000, 'bundles', 'kept bundles of one identity', 'docs/PROTOCOL.md, Bundle'),

  // store
  hotBudgetBytes: limit(8 * 1024 * MIB, 'bytes', 'default byte budget of the embedded hot tier', 'docs/ARCHITECTURE.md, Hot tier'),
  sqliteBusyMs: limit(10_000, 'ms', 'a writer waits this long for another process; without it the writer fails at once', 'https://sqlite.org/c3ref/busy_timeout.html'),
  groupCommitBlocks: limit(1_000, 'blocks', 'blocks of one transaction; more gains nothing and blocks other writers', 'omniplex bench store'),
  groupCommitBytes: limit(16 * MIB, 'bytes', 'bytes of one transaction, for the same reason', 'omniplex bench store'),
  gcGraceMs: limit(24 * 3_600_000, 'ms', 'unreachable blocks younger than this may belong to a send under way', 'docs/ARCHITECTURE.md, Garbage'),
  lockLeaseMs: limit(60_000, 'ms', 'a crashed holder blocks others no longer than this', 'docs/ARCHITECTURE.md, Locks'),
  pageItemsMax: limit(1_000, 'items', 'one page of any list', 'docs/LIMITS.md'),
  batchItemsMax: limit(100_000, 'messages', 'of one --batch list', 'docs/LIMITS.md'),
  batchLineBytesMax: limit(64 * KIB, 'bytes', 'one line of a --batch list', 'docs/LIMITS.md'),
  carBlocksMax: limit(50_000_000, 'blocks', 'of one imported CAR', 'docs/PROTOCOL.md, CAR'),
  stdinSpoolBytes: limit(4 * MIB, 'bytes', 'read buffer for input of unknown length', 'docs/LIMITS.md'),
} as const;

type Table = typeof limitTable;

/** The values alone, by name. */
export const limits = Object.freeze(
  Object.fromEntries(Object.entries(limitTable).map(([name, { value }]) => [name, value])),
) as { readonly [Name in keyof Table]: Table[Name]['value'] };
