/**
 * The library: `import { OmniPlex } from 'omniplex'`. What is exported here is promised; every other path may change.
 */
export { OmniPlex, type OmniPlexOptions } from './omniplex.ts';
export { parseCid, type Cid } from './base/cid.ts';
export { systemClock, type Clock } from './base/clock.ts';
export { fail, isError, OmniplexError, registry, type ErrorCode, type Warning } from './base/errors.ts';
export { parseFilter, type Filter } from './base/filter.ts';
export { systemRng, type Rng } from './base/rng.ts';
export { Secret } from './base/secret.ts';
export { createHome } from './home/index.ts';
export { decodeBundleFile } from './identity/introduction.ts';
export type { BatchItem, BatchRequest, BatchResult } from './mail/batch-types.ts';
export type { FetchRequest, FetchResult } from './mail/fetch.ts';
export { bytesInput, fileInput, streamInput, type PlainInput } from './mail/input.ts';
export type { EvidenceResult } from './mail/outbox-export.ts';
export { outboxFields, type OutboxItem, type OutboxList, type OutboxMessage } from './mail/outbox.ts';
export type { Outcome } from './mail/outcome.ts';
export type { SendOptions, SendRequest, SendResult } from './mail/send-types.ts';
export { Passphrase } from './message/passphrase.ts';
export { createStore } from './storage/store.ts';
