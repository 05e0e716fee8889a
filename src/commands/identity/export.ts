import { BaseCommand, type Answer, type Infer, type Lines } from '../../cli/command.ts';
import { ringExits } from '../../cli/exits.ts';
import { nameArg, needed, parsed } from '../../cli/flags.ts';
import { day, size, when } from '../../cli/human.ts';
import { boolean, integer, nullable, object, string, time } from '../../cli/schema.ts';
import { shared } from '../../cli/shared.ts';
import { rfc3339, systemClock } from '../../core/base/clock.ts';
import { parseTime } from '../../core/base/duration.ts';

const schema = object({
  name: string(),
  id: string('CID of the genesis block'),
  out: string('the file, or stdout'),
  bytes: integer(),
  sequence: integer('of the bundle'),
  prekeysUntil: nullable(time('when the last prekey ends; null for a send-only identity')),
  expires: time(),
  rotated: boolean('a new prekey was made for this'),
  revoked: nullable(object({ reason: string(), at: time() }, 'the file carries the revocation: whoever takes it in sends nothing more')),
});

export default class IdentityExport extends BaseCommand<typeof IdentityExport> {
  static override readonly summary = 'Write the public bundle of an identity, to hand over';
  static override readonly description =
    'Whoever has the bundle can write to you and check what you sign. A new prekey is made when the last one ends soon, or before --prekeys-until; only then the passphrase is needed. Of a revoked identity the file carries the revocation, and no new prekey. The file is flushed to the device before this answers.';
  static override readonly args = { name: nameArg('the identity') };
  static override readonly flags = {
    out: needed(shared.out),
    'prekeys-until': parsed({ value: 'DATE', description: 'let people write until then, such as 2027-02-28 or 90d; further than that is weaker forward secrecy' }, (typed) =>
      parseTime(typed, systemClock.now(), 'future'),
    ),
  };
  static override readonly impact = 'write';
  static override readonly opensKey = true;
  static override readonly exits = { ...ringExits, 4: 'the passphrase is wrong, or --prekeys-until of an identity that is revoked', 5: 'there is no such identity', 6: 'the file is there already, or this home is a copy' };
  static override readonly examples = [
    { command: 'omniplex identity export alice --out alice.bundle', description: 'For a mail or a web page' },
    { command: 'omniplex identity export alice --prekeys-until 2027-02-28 --out /media/usb/alice.bundle', description: 'For a stick that travels slowly' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['contact add', 'identity rotate', 'inspect'];

  override async run(): Promise<Answer<typeof schema>> {
    const { out, 'prekeys-until': prekeysUntilMs } = this.flags;
    const app = await this.session.app();
    const identities = await app.identities();
    const { id } = identities.show(this.args.name);
    const artifact = await this.session.artifact(out, { binary: true });
    const { bytes, identity, rotated } = await identities.exportBundle(this.args.name, prekeysUntilMs === undefined ? {} : { prekeysUntilMs });
    await artifact.write(bytes);
    await artifact.commit();
    const prekeysUntil = identity.prekeysUntilMs === undefined ? null : rfc3339(identity.prekeysUntilMs);
    const { name, seq: sequence, expiresAtMs } = identity;
    const revoked = identity.revoked === undefined ? null : { reason: identity.revoked.reason, at: rfc3339(identity.revoked.atMs) };
    return { result: { name, id: id.toString(), out: artifact.name, bytes: bytes.length, sequence, prekeysUntil, expires: rfc3339(expiresAtMs), rotated, revoked }, changed: true };
  }

  protected override render(result: Infer<typeof schema>): Lines {
    const { out, bytes } = result;
    return [`${out}  ${size(bytes)}, public, ${out === 'stdout' ? 'written' : 'synced to the device: safe to remove'}`, ...holds(result)];
  }
}

/** What whoever has the file can do with it. */
function holds({ name, prekeysUntil, expires, rotated, revoked }: Infer<typeof schema>): readonly string[] {
  if (revoked !== null) return [`${name} is revoked (${revoked.reason}) since ${when(revoked.at)}, and the file says so: whoever takes it in with \`omniplex contact update\` sends nothing more to ${name}, and believes nothing newer`];
  return [prekeysUntil === null ? `send-only until ${day(expires)}` : `others can write to ${name} until ${day(prekeysUntil)}${rotated ? ' (new prekey)' : ''}`];
}
