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
  recipientsFileBytesMax: limit(MIB, 'bytes', 'a --to-file that is longer is the wrong file', 'docs/LIMITS.md'),
  nameBytesMax: limit(255, 'bytes', 'of UTF-8; the longest file name of common file systems', 'POSIX NAME_MAX'),
  mediaTypeBytesMax: limit(255, 'bytes', 'type, slash and subtype of 127 characters each', 'RFC 6838, 4.2'),
  sealedPadBytes: limit(512, 'bytes', 'sealed metadata is padded to a multiple of this', 'docs/PROTOCOL.md, Sealed'),
  sealedBytesMax: limit(64 * KIB, 'bytes', 'metadata with an introduction is under 20 KiB', 'docs/PROTOCOL.md, Sealed'),

  contentChunksMax: limit(2 ** 38, 'chunks', 'the counter of the content stream; past it nonces would repeat across messages too often', 'C2SP chunked-encryption'),
  publicKeysCachedMax: limit(64, 'keys', 'imported public keys kept by the native provider; importing one costs half an encapsulation', 'omniplex bench pq'),

  stanzaTypeCharsMax: limit(32, 'characters', 'the name of a stanza type', 'docs/PROTOCOL.md, Stanzas'),
  paddingClassBytesMin: limit(4 * KIB, 'bytes', 'smallest padding class; every power of two from here to contentBytesMax is one', 'docs/PROTOCOL.md, Padding'),
  sealThreadsMax: limit(2, 'threads', 'beside the main one; together they outrun every store, and each costs 20 MiB', 'omniplex bench seal'),
  sealThreadYoungMib: limit(4, 'MiB', 'young heap of a sealing thread, which makes little but buffers; by default three threads cost 240 MiB', 'omniplex bench seal'),
  sealThreadOldMib: limit(64, 'MiB', 'old heap of a sealing thread', 'omniplex bench seal'),
  sealThreadsFromBytes: limit(8 * MIB, 'bytes', 'content shorter than this is done before a thread has started', 'omniplex bench seal'),
  sealJobsPerThread: limit(4, 'blocks', 'waiting for or at one sealing thread, at least; fewer let it idle', 'omniplex bench seal'),
  sealBatchesAhead: limit(2, 'batches', 'that the sealing threads may have to do: enough for the time in which the main thread flushes one', 'omniplex bench seal'),
  sealBlocksHereMax: limit(8, 'blocks', 'sealed by the main thread that wait for earlier ones at the threads', 'omniplex bench seal'),
  sealBatchBytes: limit(MIB, 'bytes', 'given in one call to a sink that does not say what it likes; two such batches are held, in the caches next to a core', 'omniplex bench seal'),
  storeBatchBytes: limit(4 * MIB, 'bytes', 'of content in one call to a store: a flush for each', 'omniplex bench seal'),
  readAheadBlocksMax: limit(16, 'blocks', '4 MiB: keeps a 100 Mbit/s link with 80 ms of delay full', 'docs/ARCHITECTURE.md, A message'),
  receiptBytesMax: limit(256, 'bytes', 'a receipt is one CID, a state and a time', 'docs/PROTOCOL.md, Receipt'),

  vectorFileBytesMax: limit(64 * MIB, 'bytes', 'the largest Wycheproof file has 12 MB; longer JSON is not a vector file', 'https://github.com/C2SP/wycheproof'),
  vectorFilesMax: limit(100_000, 'files', 'a checkout of every known vector repository has a few thousand', 'docs/LIMITS.md'),

  // passphrases
  argonMemoryKib: limit(65_536, 'KiB', '64 MiB, 3 passes: about 0.2 s to unlock', 'RFC 9106, 4 (second recommended choice)'),
  argonPasses: limit(3, 'passes', 'see argonMemoryKib', 'RFC 9106, 4'),
  argonLanes: limit(4, 'lanes', 'see argonMemoryKib', 'RFC 9106, 4'),
  argonMemoryKibMax: limit(1_048_576, 'KiB', 'a hostile file must not ask for more than 1 GiB', 'docs/PROTOCOL.md, Passphrase stanza'),
  argonPassesMax: limit(16, 'passes', 'a hostile file must not ask for hours', 'docs/PROTOCOL.md, Passphrase stanza'),
  argonLanesMax: limit(16, 'lanes', 'as above', 'docs/PROTOCOL.md, Passphrase stanza'),
  passphraseDerivationsMax: limit(16, 'derivations', 'of one passphrase kept for a run; each is one argon2 salt', 'docs/PROTOCOL.md, Passphrase stanza'),
  newPassphraseCharsMin: limit(8, 'characters', 'of a new passphrase, beside the file that it opens; old ones always open', 'NIST SP 800-63B-4, 3.1.1.2'),
  passphraseBytesMax: limit(4 * KIB, 'bytes', 'a passphrase file that is longer is the wrong file', 'docs/SECURITY.md'),

  // packets
  packetBytes: limit(192, 'bytes', 'six 256-bit words, whatever the packet carries', 'docs/PROTOCOL.md, Packet'),
  fragmentsMax: limit(65_536, 'fragments', 'of one stream in the reassembler; longer streams are sent as a whole manifest', 'docs/PROTOCOL.md, Streams'),
  fragmentsWaitingMax: limit(64, 'packets', 'packets of a stream that may wait for its FragStart', 'docs/PROTOCOL.md, Streams'),
  streamsPerPeerMax: limit(64, 'streams', 'open streams of one peer', 'docs/PROTOCOL.md, Streams'),
  reassemblyBytesPerPeerMax: limit(64 * MIB, 'bytes', 'unassembled bytes that one peer may make us hold', 'docs/PROTOCOL.md, Streams'),
  fragmentsPerPeerMax: limit(131_072, 'fragments', 'of all open streams of one peer: two of the longest, about 20 MB of state', 'docs/PROTOCOL.md, Streams'),
  reassemblyPeersMax: limit(1_024, 'peers', 'with open streams at one time', 'docs/PROTOCOL.md, Streams'),
  reassemblyMs: limit(600_000, 'ms', 'deadline of a stream whose packets name none (timeout 0)', 'docs/PROTOCOL.md, Streams'),
  reassemblyMsMax: limit(86_400_000, 'ms', 'a timeout word reaches 49 days; state is held no longer than this', 'docs/PROTOCOL.md, Streams'),
  reassemblyUnverifiedMs: limit(60_000, 'ms', 'packets nobody has vouched for wait no longer, whatever they claim', 'docs/PROTOCOL.md, Streams'),
  streamsRememberedMax: limit(256, 'streams', 'ended streams of one peer that late packets are still recognised by', 'docs/PROTOCOL.md, Streams'),

  // identities
  prekeysMax: limit(4, 'prekeys', 'live prekeys of a bundle; a receiver tries each', 'docs/formats/identity.md, Bundle'),
  inboxesMax: limit(8, 'inboxes', 'inboxes of a bundle', 'docs/formats/identity.md, Bundle'),
  bundleChainMax: limit(10_000, 'bundles', 'kept bundles of one identity', 'docs/formats/identity.md, Bundle'),
  bundleFileChainMax: limit(256, 'bundles', 'newest bundles of a bundle file: about 3.5 MB; a contact who is further behind asks for a new introduction', 'docs/formats/identity.md'),
  bundleFileBytesMax: limit(8 * MIB, 'bytes', 'a bundle file is read into memory whole', 'docs/formats/identity.md'),
  actorNameCharsMax: limit(64, 'characters', 'name of an identity or a contact: it stands in tables, flags and bundles', 'docs/formats/identity.md'),
  bundleLifeMs: limit(366 * 86_400_000, 'ms', 'a bundle that nobody renewed for a year is of somebody who left', 'docs/formats/identity.md'),
  sendOnlyLifeMs: limit(3 * 366 * 86_400_000, 'ms', 'a send-only identity has one bundle, ever', 'docs/formats/identity.md'),
  prekeyLifeMs: limit(30 * 86_400_000, 'ms', 'how long a new prekey may be used; shorter is better forward secrecy, longer reaches further by stick', 'docs/formats/identity.md'),
  prekeyLifeMsMax: limit(366 * 86_400_000, 'ms', 'the furthest --prekeys-until', 'docs/formats/identity.md'),
  prekeyRenewMs: limit(15 * 86_400_000, 'ms', 'rotate --due makes a new prekey when the last one ends sooner than this', 'docs/formats/identity.md'),
  prekeyGraceMs: limit(86_400_000, 'ms', 'a prekey is destroyed this long after its last use date: clocks differ', 'docs/formats/identity.md'),
  bundleRenewMs: limit(60 * 86_400_000, 'ms', 'rotate --due renews a bundle that expires sooner than this', 'docs/formats/identity.md'),
  prekeysKeptMax: limit(32, 'prekeys', 'private prekeys of one identity, published or still waiting for their last use date: a receiver tries each', 'docs/formats/identity.md'),
  futureToleranceMs: limit(300_000, 'ms', 'clocks may differ this much before a signature counts as from the future', 'docs/formats/identity.md'),
  fingerprintFileBytesMax: limit(MIB, 'bytes', 'ten thousand lines of a name and twelve words', 'docs/formats/identity.md'),

  // home, key ring and backup
  homeMarkerBytesMax: limit(4 * KIB, 'bytes', 'home.json holds a version and an id', 'docs/LIMITS.md'),
  keyringBytesMax: limit(MIB, 'bytes', 'a longer file is no key ring', 'docs/formats/keyring-backup.md'),
  keyringBodyBytesMax: limit(MIB - 4 * KIB, 'bytes', 'secrets of about 200 identities; leaves room for the header', 'docs/formats/keyring-backup.md'),
  backupHeaderBytesMax: limit(64 * KIB, 'bytes', 'the readable header of a backup', 'docs/formats/keyring-backup.md'),
  backupReadBytes: limit(1024 * KIB, 'bytes', 'read from a backup at once', 'docs/formats/keyring-backup.md'),
  backupBatchBlocks: limit(64, 'blocks', 'handled together by backup and restore: at most 64 MiB in memory', 'docs/formats/keyring-backup.md'),
  backupAnnouncementsMax: limit(1_000, 'packets', 'in one record of a backup: some 220 KB of the 1 MiB that a decoder takes', 'docs/formats/keyring-backup.md'),
  backupListItemsMax: limit(10_000, 'items', 'identities that a contact stood for before: 400 KB of the 1 MiB that a decoder takes', 'docs/formats/keyring-backup.md'),
  backupPartBytesMax: limit(16 * MIB, 'bytes', 'one record of a backup, held in memory', 'docs/formats/keyring-backup.md'),

  // store
  hotBudgetBytes: limit(8 * 1024 * MIB, 'bytes', 'default byte budget of the embedded hot tier', 'docs/formats/store.md, Hot tier'),
  sqliteBusyMs: limit(10_000, 'ms', 'a writer waits this long for another process; without it the writer fails at once', 'https://sqlite.org/c3ref/busy_timeout.html'),
  sqliteBusySliceMs: limit(250, 'ms', 'of that wait at most this at a stretch, so that Ctrl-C is answered meanwhile', 'https://sqlite.org/c3ref/busy_timeout.html'),
  sqlitePageBytes: limit(16 * KIB, 'bytes', 'best of 4 to 64 KiB for blocks of 256 KiB and of 4 KiB together', 'omniplex bench store'),
  sqliteCacheBytes: limit(16 * MIB, 'bytes', 'page cache of one open file: the digests of about 350,000 blocks; the kernel caches the rest', 'https://sqlite.org/pragma.html#pragma_cache_size'),
  sqliteLogBytes: limit(64 * MIB, 'bytes', 'write-ahead log before it is copied back: 1.1 to 1.3 times the speed of 16 MiB on large blocks', 'omniplex bench store'),
  noteBytesMax: limit(64 * KIB, 'bytes', 'a note is a small record, read and compared whole', 'docs/formats/store.md, Hot tier'),
  integrityInlineBytes: limit(8 * MIB, 'bytes', 'a smaller database is checked in a tenth of a second, if it is all small rows; another process checks a larger one, so that Ctrl-C is answered', 'https://sqlite.org/pragma.html#pragma_integrity_check'),
  integrityFindingsMax: limit(100, 'findings', 'lines of SQLite about a damaged file; more tell an operator nothing new', 'https://sqlite.org/pragma.html#pragma_integrity_check'),
  groupCommitBlocks: limit(1_000, 'blocks', 'blocks of one transaction; more gains nothing and blocks other writers', 'omniplex bench store'),
  groupCommitBytes: limit(16 * MIB, 'bytes', 'bytes of one transaction, for the same reason', 'omniplex bench store'),
  gcGraceMs: limit(24 * 3_600_000, 'ms', 'unreachable blocks younger than this may belong to a send under way', 'docs/formats/store.md, Garbage'),
  gcGraceMsMin: limit(60_000, 'ms', 'a clock that is set back by less makes no block of a send look old', 'docs/formats/store.md, Garbage'),
  fencesMax: limit(20_000, 'fences', 'of locks that the hot tier remembers by name; older ones are all below one floor', 'docs/formats/store.md, Locks'),
  lockPollMsMax: limit(250, 'ms', 'between two looks at a lock that somebody holds', 'docs/formats/store.md, Locks'),
  lockNameCharsMax: limit(200, 'characters', 'name of a lock', 'docs/formats/store.md, Locks'),
  journalRecordBytesMax: limit(64 * KIB, 'bytes', 'one acknowledgement with 256 inboxes and the record of its --id is under 40 KB; more is damage', 'docs/formats/store.md, Journal'),
  storeFileBytesMax: limit(4 * KIB, 'bytes', 'store.json holds a version and an id', 'docs/formats/store.md'),
  fileConcurrency: limit(8, 'files', 'open at a time in the file tier: twice the threads that Node gives to files', 'https://nodejs.org/api/cli.html#uv_threadpool_sizesize'),
  announcementsMax: limit(65_536, 'packets', 'that announce one message: 12 MB of packets', 'docs/formats/store.md, Cold tier'),
  copyBatchBlocks: limit(32, 'blocks', 'copied between tiers and read back together: at most 32 MiB in memory', 'docs/formats/store.md, Tiers'),
  pendingImportMs: limit(30 * 86_400_000, 'ms', 'the parts of a split CAR may be so long under way', 'docs/formats/store.md, CAR'),
  badListed: limit(10_000, 'blocks', 'that one verify names; all are counted', 'docs/LIMITS.md'),
  jobCountsMax: limit(32, 'numbers', 'that the record of a job keeps', 'docs/formats/store.md, Hot tier'),
  lockLeaseMs: limit(60_000, 'ms', 'a crashed holder blocks others no longer than this', 'docs/formats/store.md, Locks'),
  pageItemsMax: limit(1_000, 'items', 'one page of any list', 'docs/LIMITS.md'),
  batchItemsMax: limit(100_000, 'messages', 'of one --batch list', 'docs/LIMITS.md'),
  operationIdCharsMax: limit(256, 'characters', 'of an --id: it names one effect, it does not describe it', 'docs/LIMITS.md'),
  outboxProbed: limit(16, 'messages', 'the newest that are announced, not confirmed and not over: whether the store still knows them is asked at each use', 'docs/SECURITY.md, Stores that were put back'),
  outboxScanned: limit(256, 'messages', 'of the outbox, looked at together: some 50 ms', 'docs/SECURITY.md, Stores that were put back'),
  flightMs: limit(3_600_000, 'ms', 'a send whose process cannot be looked at counts as under way this long', 'docs/LIMITS.md'),
  listItems: limit(100, 'items', 'of a list that was asked for without --limit', 'docs/LIMITS.md'),
  receiptPollMs: limit(500, 'ms', 'between two looks into an inbox while waiting for receipts', 'docs/LIMITS.md'),
  toFileBytesMax: limit(64 * KIB, 'bytes', 'a --to-file with 256 names and comments', 'docs/LIMITS.md'),
  strayAnnouncementsMax: limit(16, 'announcements', 'of one run whose packet is not authentic, and whose message is yet looked through stanza by stanza', 'docs/PROTOCOL.md, Packet'),
  inboxPollMs: limit(1_000, 'ms', 'between two looks of `inbox watch` into an embedded store', 'docs/LIMITS.md'),
  batchBytesMax: limit(256 * MIB, 'bytes', 'of one --batch list, which is held in memory', 'docs/LIMITS.md'),
  batchFailuresListed: limit(1_000, 'lines', 'of a batch that its answer names one by one; all are counted, and --out has them all', 'docs/LIMITS.md'),
  batchGroupItems: limit(64, 'messages', 'of a batch that are sealed together and share every flush', 'docs/LIMITS.md'),
  batchGroupBytes: limit(4 * MIB, 'bytes', 'of content in such a group; a larger message goes alone', 'docs/LIMITS.md'),
  batchLineBytesMax: limit(64 * KIB, 'bytes', 'one line of a --batch list', 'docs/LIMITS.md'),
  carMessagesMax: limit(12_000, 'messages', 'of one CAR file: their roots fit a header of 1 MiB', 'docs/formats/store.md, CAR'),
  carPacketsMax: limit(100_000, 'packets', 'and bundles of one CAR file, held until its messages are whole: 19 MB', 'docs/formats/store.md, CAR'),
  carBlocksMax: limit(50_000_000, 'blocks', 'of one imported CAR', 'docs/formats/store.md, CAR'),
  inspectBlocksMax: limit(1_000_000, 'blocks', 'of one CAR that is inspected: 250 GiB of content, 100 MB of digests', 'docs/LIMITS.md'),
  inspectLinksMax: limit(2_000_000, 'links', 'of all manifests and link nodes of such a CAR: 64 MB', 'docs/LIMITS.md'),
  inspectEvidenceBytesMax: limit(64 * MIB, 'bytes', 'of receipts in the evidence of one message: 256 recipients with three of 30 KiB each come to 23 MB', 'docs/LIMITS.md'),
  readAheadBytes: limit(4 * MIB, 'bytes', 'one piece of a file that is read; one more is read ahead while a store is flushed', 'omniplex bench seal'),

  // words that people type
  filterCharsMax: limit(4_096, 'characters', 'of one --where expression', 'docs/LIMITS.md'),
  filterDepthMax: limit(32, 'levels', 'of parentheses and `not`: the parser is recursive', 'docs/LIMITS.md'),
  durationMsMax: limit(36_525 * 86_400_000, 'ms', 'a hundred years: longer is a slip, and stays far below 2^53 ms', 'docs/LIMITS.md'),

  // benchmarks
  benchSamples: limit(30, 'samples', 'of each contestant, unless time runs out first; enough for a 95 % interval of the median', 'docs/ARCHITECTURE.md, Measuring'),
  benchSamplesMin: limit(5, 'samples', 'taken even when time has run out; fewer have no median worth printing', 'docs/ARCHITECTURE.md, Measuring'),
  benchSamplesMax: limit(10_000, 'samples', 'more only takes longer', 'docs/ARCHITECTURE.md, Measuring'),
  benchSampleMs: limit(20, 'ms', 'a shorter sample measures the clock, the scheduler and single garbage collections', 'docs/ARCHITECTURE.md, Measuring'),
  benchWarmUpMs: limit(100, 'ms', 'of each contestant before its first sample: the time in which V8 compiles what runs hot', 'docs/ARCHITECTURE.md, Measuring'),
  benchSeconds: limit(3, 's', 'for the samples of one contestant', 'docs/ARCHITECTURE.md, Measuring'),
  benchSecondsMax: limit(3_600, 's', 'of one contestant', 'docs/ARCHITECTURE.md, Measuring'),
  benchSpreadMax: limit(0.25, 'of the median', 'a limit whose middle half is wider than this does not bound anything', 'docs/ARCHITECTURE.md, Measuring'),
  benchLoadMax: limit(0.5, 'of the cores', 'load before the run began: someone else is working here', 'docs/ARCHITECTURE.md, Measuring'),
  benchReportBytesMax: limit(4 * MIB, 'bytes', 'a longer file is not a report', 'docs/ARCHITECTURE.md, Measuring'),
  benchRowsMax: limit(10_000, 'rows', 'of one report', 'docs/ARCHITECTURE.md, Measuring'),
  benchExpressionCharsMax: limit(1_000, 'characters', 'of one --fail-if expression; also bounds its nesting', 'docs/ARCHITECTURE.md, Measuring'),
  // the terminal
  nearWordCharsMax: limit(64, 'characters', 'a longer word is no slip of a command, flag or setting; comparing costs its square', 'docs/LIMITS.md'),
  signalEchoMs: limit(250, 'ms', 'the same signal again within this time is one that reached a process on two ways: to its group, and passed on by the launcher', 'docs/LIMITS.md'),
  signalGraceMs: limit(2_000, 'ms', 'an interrupted command may clean up this long before it answers', 'docs/LIMITS.md'),
  configBytesMax: limit(1024 * KIB, 'bytes', 'the user configuration with thousands of contexts', 'docs/LIMITS.md'),
  configLockMs: limit(2_000, 'ms', 'one process changes the configuration in a few ms; a longer wait means a crashed one', 'docs/LIMITS.md'),
} as const;

type Table = typeof limitTable;

/** The values alone, by name. */
export const limits = Object.freeze(
  Object.fromEntries(Object.entries(limitTable).map(([name, { value }]) => [name, value])),
) as { readonly [Name in keyof Table]: Table[Name]['value'] };
