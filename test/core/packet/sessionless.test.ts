/** Packets without a session: what is derived from the header key, and what a stranger's key makes of it. */
import { blake3 } from '@noble/hashes/blake3.js';
import { expect, test } from 'vitest';
import { bytesOf, concat } from '../../../src/core/base/bytes.ts';
import { encodePacket } from '../../../src/core/packet/codec.ts';
import { oneShotKey } from '../../../src/core/packet/keys.ts';
import { isPseudonymous, isSessionless, pseudonymFor, sessionlessId } from '../../../src/core/packet/sessionless.ts';
import { flipBit, seeded, single } from './helpers.ts';

const raw = Uint8Array.from(seeded('header key', 32));
const headerKey = oneShotKey(raw);
const strangerKey = oneShotKey(seeded('stranger', 32));
const inbox = single.inbox;

test('session id and pseudonym are keyed BLAKE3 of their labels', () => {
  expect(sessionlessId(headerKey)).toEqual(blake3(Uint8Array.from(bytesOf('omniplex/v1/sessionless\0')), { key: raw }).slice(0, 8));
  const labelled = Uint8Array.from(concat(bytesOf('omniplex/v1/pseudonym\0'), inbox));
  expect(pseudonymFor(headerKey, inbox)).toEqual(blake3(labelled, { key: raw }));
});

test('a resend is the same packet, two messages and two inboxes have nothing in common', () => {
  const fields = { ...single, session: sessionlessId(headerKey), sender: pseudonymFor(headerKey, inbox) };
  expect(encodePacket(fields, headerKey)).toEqual(encodePacket(fields, headerKey));
  expect(sessionlessId(strangerKey)).not.toEqual(sessionlessId(headerKey));
  expect(pseudonymFor(strangerKey, inbox)).not.toEqual(pseudonymFor(headerKey, inbox));
  expect(pseudonymFor(headerKey, seeded('other inbox', 32))).not.toEqual(pseudonymFor(headerKey, inbox));
});

test('every bit of the session word and of the sender word counts', () => {
  const session = sessionlessId(headerKey);
  const sender = pseudonymFor(headerKey, inbox);
  expect(isSessionless({ session }, headerKey)).toBe(true);
  expect(isPseudonymous({ sender, inbox }, headerKey)).toBe(true);
  expect(isSessionless({ session }, strangerKey)).toBe(false);
  expect(isPseudonymous({ sender, inbox }, strangerKey)).toBe(false);
  for (let bit = 0; bit < 64; bit++) expect(isSessionless({ session: flipBit(session, bit) }, headerKey)).toBe(false);
  for (let bit = 0; bit < 256; bit++) {
    expect(isPseudonymous({ sender: flipBit(sender, bit), inbox }, headerKey)).toBe(false);
    expect(isPseudonymous({ sender, inbox: flipBit(inbox, bit) }, headerKey)).toBe(false);
  }
});
