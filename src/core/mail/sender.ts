/** The identity that acts, with its private keys in use: opened once a run, however many messages it sends. */
import { fail } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import type { IdentityRecord } from '../home/index.ts';
import type { Introduction as IntroductionBlocks } from '../message/sealed.ts';
import type { Sender } from '../message/prepare.ts';
import type { MailRoom } from './room.ts';

export interface SenderInUse extends Disposable {
  readonly record: IdentityRecord;
  /** Who signs, under which bundle. */
  readonly signer: Sender;
  /** Behind erase tokens and the records of --id. */
  readonly secret: Secret;
  /** For those who do not know the sender: his genesis and the bundle that signs, recorded as handed out. */
  introduction(): IntroductionBlocks;
}

/** Unlocks the key ring. Throws E_NO_IDENTITY, E_REVOKED, E_HOME_COPIED, E_PASSPHRASE. Disposing wipes what it can. */
export async function openSender({ acting, identities, home }: MailRoom): Promise<SenderInUse> {
  const record = acting();
  const signer = await identities.signerFor(record.name);
  const secret = await identities.outboxSecret(record.name);
  const introduction = (): IntroductionBlocks => {
    const { genesis } = identities.handOut(record.name);
    const bundle = home.people.bundle(record.id, signer.bundleSeq);
    if (bundle === undefined) throw fail('E_HOME_CORRUPT', { path: home.path, why: `it lacks bundle ${signer.bundleSeq} of ${record.id}` });
    return { genesis: genesis.block, bundle: bundle.block };
  };
  return { record, signer, secret, introduction, [Symbol.dispose]: () => secret.wipe() };
}
