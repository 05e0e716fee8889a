/** Names in the order in which they came, as bytes: the blocks of a message of terabytes are millions, and a CID object takes half a KiB. */
import { CID_BYTES, decodeCid, type Cid } from '../base/cid.ts';

const FIRST_CIDS = 64;

export class CidList {
  #bytes = new Uint8Array(FIRST_CIDS * CID_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(cid: Cid): void {
    if ((this.#length + 1) * CID_BYTES > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(cid.bytes, this.#length * CID_BYTES);
    this.#length++;
  }

  *batches(size: number): Generator<readonly Cid[]> {
    for (let from = 0; from < this.#length; from += size) {
      const count = Math.min(size, this.#length - from);
      yield Array.from({ length: count }, (_, i) => decodeCid(this.#bytes.slice((from + i) * CID_BYTES, (from + i + 1) * CID_BYTES)));
    }
  }
}
