/** The face of the room: what others may use. */
export { noKeyring, readKeyring, Ring, type RingDraft, type RingOptions } from './ring.ts';
