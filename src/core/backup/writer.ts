/** Writes a backup as a stream: memory stays flat, and no file exists under its name until all of it is durable. */
import { createHash, type Hash } from 'node:crypto';
import { wipe, type Bytes } from '../base/bytes.ts';
import { WholeFile } from '../base/files.ts';
import type { Secret } from '../base/secret.ts';
import { encode } from '../base/codec.ts';
import { CONTENT_SALT_BYTES } from '../crypto/cobblestone.ts';
import { ContentSealer, deriveContentKeys, SEALED_CHUNK_BYTES, type CryptoProvider } from '../crypto/index.ts';
import { passphraseKey } from '../keys/keyring-file.ts';
import { contextOf, encodeHead, encodeHeader, encodeRecord, type BackupHeader, type BackupRecord } from './format.ts';

export class BackupWriter {
  readonly #file: WholeFile;
  readonly #sealer: ContentSealer;
  readonly #hash: Hash = createHash('sha256');
  #records = 0;
  #bytes = 0;

  private constructor(file: WholeFile, sealer: ContentSealer) {
    this.#file = file;
    this.#sealer = sealer;
  }

  /** Throws E_EXISTS, E_USAGE (an empty passphrase), E_DISK_FULL. */
  static async create(path: string, crypto: CryptoProvider, passphrase: Secret, header: BackupHeader): Promise<BackupWriter> {
    const key = await passphraseKey(crypto, passphrase, header.kdf, 'backup');
    const encoded = encodeHeader(header);
    const salt = crypto.rng.bytes(CONTENT_SALT_BYTES);
    const keys = deriveContentKeys(crypto, key, salt, contextOf(encoded));
    const writer = new BackupWriter(await WholeFile.create(path), new ContentSealer(crypto, keys));
    wipe(key, keys.aeadKey, keys.baseNonce);
    await writer.#write(encodeHead(encoded, salt, keys.commitment));
    return writer;
  }

  get records(): number {
    return this.#records;
  }

  async add(record: BackupRecord): Promise<void> {
    this.#records++;
    await this.#seal(encodeRecord(record));
  }

  async #seal(plain: Bytes): Promise<void> {
    const out = new Uint8Array(this.#sealer.outputBytes(plain.length));
    const written = this.#sealer.update(plain, out);
    wipe(plain);
    await this.#write(out.subarray(0, written));
  }

  async #write(bytes: Bytes): Promise<void> {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    await this.#file.write(bytes);
  }

  /** Durable, under its name, when it resolves. */
  async commit(): Promise<{ readonly bytes: number; readonly sha256: Bytes }> {
    await this.#seal(encodeRecord({ type: 'end', payload: encode(this.#records) }));
    const last = new Uint8Array(SEALED_CHUNK_BYTES);
    await this.#write(last.subarray(0, this.#sealer.final(last)));
    await this.#file.commit();
    return { bytes: this.#bytes, sha256: new Uint8Array(this.#hash.digest()) };
  }

  /** Leaves nothing. Can be called twice, and after `commit`, when it does nothing. */
  abandon(): Promise<void> {
    return this.#file.abandon();
  }
}
