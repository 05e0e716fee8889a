/** The face of the room: what others may use. */
export { Ring, type RingDraft, type RingOptions } from './ring.ts';
