/**
 * The library: `import { OmniPlex } from 'omniplex'`. What is exported here is promised; every other path may change.
 */
export { OmniPlex, type OmniPlexOptions } from './omniplex.ts';
export { parseCid, type Cid } from './base/cid.ts';
export { fail, isError, OmniplexError, registry, type ErrorCode, type Warning } from './base/errors.ts';
export { Secret } from './base/secret.ts';
export { createHome } from './home/index.ts';
export { bytesInput, fileInput, streamInput, type PlainInput } from './mail/input.ts';
export { Passphrase } from './message/passphrase.ts';
export { createStore } from './storage/store.ts';
