/**
 * A message passphrase in use. argon2id takes a fifth of a second on purpose, so each derivation is kept for the run:
 * all messages that one `Passphrase` seals share one argon2 salt (the key that wraps still differs by the message salt),
 * and whoever sees the manifests sees that they were sealed together. Spec: docs/PROTOCOL.md, Passphrase stanza; RFC 9106.
 */
import { hexOf, wipe, type Bytes } from '../base/bytes.ts';
import { limits } from '../base/limits.ts';
import { requireNewPassphrase } from '../base/passphrase.ts';
import type { Secret } from '../base/secret.ts';
import type { Argon2Parameters, CryptoProvider } from '../crypto/provider.ts';

export const PASSPHRASE_SALT_BYTES = 16;

export interface PassphraseDerivation {
  readonly salt: Bytes;
  readonly parameters: Argon2Parameters;
  readonly secret: Bytes;
}

export class Passphrase implements Disposable {
  readonly #provider: CryptoProvider;
  readonly #passphrase: Secret;
  readonly #parameters: Argon2Parameters;
  readonly #derived = new Map<string, Promise<Bytes>>();
  #sealingSalt: Bytes | undefined;

  /** Takes ownership of the secret. `parameters` are those for sealing; they must lie within the limits, like any that are read. */
  constructor(provider: CryptoProvider, passphrase: Secret, parameters: Argon2Parameters = defaultParameters) {
    this.#provider = provider;
    this.#passphrase = passphrase;
    this.#parameters = parameters;
  }

  /** Throws E_PASSPHRASE_SHORT. Asked before anything is sealed; one that only opens may be of any length. */
  requireForSealing(): void {
    requireNewPassphrase(this.#passphrase, 'the message');
  }

  /** The derivation that new messages are sealed under, made on first use. The caller wipes `secret`, a copy. */
  async forSealing(): Promise<PassphraseDerivation> {
    const salt = (this.#sealingSalt ??= this.#provider.rng.bytes(PASSPHRASE_SALT_BYTES));
    return { salt, parameters: this.#parameters, secret: await this.derive(salt, this.#parameters) };
  }

  /** Parameters come from a decoded stanza, which has capped them. The caller wipes the answer, a copy. */
  async derive(salt: Bytes, parameters: Argon2Parameters): Promise<Bytes> {
    const name = `${hexOf(salt)} ${parameters.memoryKib} ${parameters.passes} ${parameters.lanes}`;
    let derivation = this.#derived.get(name);
    if (derivation === undefined) {
      if (this.#derived.size >= limits.passphraseDerivationsMax) this.#forget(this.#derived.keys().next().value as string);
      derivation = this.#provider.argon2id(this.#passphrase.expose(), salt, parameters, 32);
      this.#derived.set(name, derivation);
    }
    return (await derivation).slice();
  }

  #forget(name: string): void {
    this.#derived.get(name)?.then(wipe, () => undefined);
    this.#derived.delete(name);
  }

  [Symbol.dispose](): void {
    for (const name of [...this.#derived.keys()]) this.#forget(name);
    this.#passphrase.wipe();
  }
}

const defaultParameters: Argon2Parameters = { memoryKib: limits.argonMemoryKib, passes: limits.argonPasses, lanes: limits.argonLanes };
