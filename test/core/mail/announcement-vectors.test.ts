/** Whole announcements of a golden message, made with nothing of src/: which of them count. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOfHex, hexOf } from '../../../src/core/base/bytes.ts';
import { parseCid } from '../../../src/core/base/cid.ts';
import { Secret } from '../../../src/core/base/secret.ts';
import { Announcer } from '../../../src/core/mail/announce.ts';
import { isAuthentic, type Arrival } from '../../../src/core/mail/arrivals.ts';
import { openManifest } from '../../../src/core/message/index.ts';
import { decodePacket } from '../../../src/core/packet/codec.ts';
import { announcementOf } from '../../../src/core/storage/announcing.ts';
import type { AnnouncementVector } from '../../vectors/packet/generate.ts';
import { knowsNobody, native } from '../message/support.ts';

const load = (...path: string[]) => JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'vectors', ...path), 'utf8')) as never;
const { message, inbox, vectors }: { message: string; inbox: string; vectors: readonly AnnouncementVector[] } = load('packet', 'announcements.json');
const { messages }: { messages: ReadonlyArray<{ name: string; cid: string; manifest: string; messageKey: string; keyHeader: string; stanzaOf: readonly number[] }> } = load('message', 'messages.json');
const announced = messages.find(({ name }) => name === message)!;
const cid = parseCid(announced.cid);
const opened = await openManifest(native, cid, bytesOfHex(announced.manifest), { messageKey: new Secret(bytesOfHex(announced.messageKey)) }, knowsNobody);

describe('an announcement', () => {
  it.each(vectors)('$name: $about', ({ packet, authentic }) => {
    const { inbox: to, cid: about } = announcementOf(cid, bytesOfHex(packet));
    expect([hexOf(to), about.toString()]).toEqual([inbox, announced.cid]);
    expect(isAuthentic({ packet: decodePacket(bytesOfHex(packet)) } as Arrival, { ...opened, stanzaIndex: announced.stanzaOf[0] })).toBe(authentic);
  });

  it('is what a sender makes', () => {
    const { salt } = opened.manifest;
    const announcer = new Announcer({ headerKey: new Secret(bytesOfHex(announced.keyHeader)), salt, stanzaOf: announced.stanzaOf }, [bytesOfHex(inbox)], { expiresMs: opened.metadata.expiresMs, priority: false, qos: 0 });
    expect(announcer.announce('single', cid).map(({ packet }) => hexOf(packet))).toEqual([vectors[0]!.packet]);
  });
});
