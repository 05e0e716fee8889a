/** What the message room says of a manifest, as the plain data of an answer. */
import type { ManifestDescription, StanzasDescription } from '../message/describe.ts';
import type { ManifestFacts, Recipients } from './description.ts';

export const recipientsOf = ({ count, types, postQuantum }: StanzasDescription): Recipients => ({ recipients: count, stanzas: types, postQuantum: postQuantum ?? null });

export const manifestFacts = ({ stanzas, cid, ...rest }: ManifestDescription): ManifestFacts => ({ ...rest, cid: cid.toString(), ...recipientsOf(stanzas) });
