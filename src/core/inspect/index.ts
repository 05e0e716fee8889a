/** The face of the room: what others may use. */
export type { Inspected } from './description.ts';
export { requireMessages } from './messages-only.ts';
export { inspectCid, inspectFile, inspectPieces, type InspectAnswer, type InspectOptions } from './inspect.ts';
