/**
 * Two operators with a home each and one store between them, as the library makes them: what a `send` is measured in.
 * Their passphrases are cheap to stretch, since unlocking is once a run and not once a message.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hexOf } from '../base/bytes.ts';
import { Secret } from '../base/secret.ts';
import { createHome } from '../home/index.ts';
import { decodeBundleFile } from '../identity/index.ts';
import { OmniPlex } from '../omniplex.ts';
import type { SendRequest } from '../mail/send-types.ts';
import { createStore } from '../storage/store.ts';
import type { BenchRun } from './bench.ts';

const cheapKdf = { memoryKib: 8, passes: 1, lanes: 1 };

export type Send = (request: Pick<SendRequest, 'input' | 'onProgress'>) => Promise<void>;

export class Operators implements AsyncDisposable {
  readonly #run: BenchRun;
  #folder: string | undefined;
  #sender: OmniPlex | undefined;

  constructor(run: BenchRun) {
    this.#run = run;
  }

  /** New homes and a new store; the ones before are gone. Answers how the sender sends to the receiver, everything unlocked already. */
  async fresh(): Promise<Send> {
    await this[Symbol.asyncDispose]();
    const { folder, clock, rng, signal } = this.#run;
    this.#folder = join(folder, `operators-${hexOf(rng.bytes(4))}`);
    const store = join(this.#folder, 'store');
    await createStore(store, { clock, rng });
    this.#sender = await this.#operator('sender', store);
    const receiver = await this.#operator('receiver', store);
    const { bytes, identity } = await (await receiver.identities()).exportBundle('receiver');
    await receiver.close();
    const contacts = await this.#sender.contacts();
    contacts.add([{ introduction: await decodeBundleFile(await this.#sender.crypto(), bytes), name: 'receiver' }]);
    contacts.verify('receiver', identity.fingerprint, 'words');
    const sender = this.#sender;
    return async (request) => {
      const { error } = await sender.send({ ...request, to: ['receiver'], padding: 'none', signal });
      if (error !== undefined) throw error;
    };
  }

  async #operator(name: string, store: string): Promise<OmniPlex> {
    const { clock, rng, providerName } = this.#run;
    const home = join(this.#folder as string, name);
    (await createHome(home, { clock, rng })).close();
    const passphrase = rng.bytes(16);
    const operator = await OmniPlex.open({ home, store, clock, rng, provider: providerName, kdf: cheapKdf, passphrase: async () => new Secret(passphrase.slice()) });
    await operator.ring({ create: true });
    await (await operator.identities()).create(name);
    return operator;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sender?.close();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
    this.#sender = undefined;
    this.#folder = undefined;
  }
}
