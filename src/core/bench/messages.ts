/**
 * Small messages, a second of CPU time, beside the sum of the primitives that the format asks for: the same HMACs, hashes, AES-GCM
 * calls, encapsulations and signatures on bytes of the same lengths, one after the other, through the same provider. What is left is
 * ours: encoding, copying, promises. Symmetric is what a session or a group costs; signed and wrapped is what `send` costs.
 */
import type { Bytes } from '../base/bytes.ts';
import { sha256 } from '../base/cid.ts';
import { loadProvider, type CryptoProvider, type SignatureName } from '../crypto/index.ts';
import { decodeManifest } from '../message/manifest.ts';
import type { SealRequest } from '../message/prepare.ts';
import { sealMessage } from '../message/seal.ts';
import { SEALED_OVERHEAD_BYTES } from '../message/sealed.ts';
import type { Bench, BenchRun, Group } from './bench.ts';
import { nowhere, sessionRequest, signedRequest } from './fixtures.ts';
import { atLeast, type Budget } from './report.ts';

const CONTENT_BYTES = 1_024;
/** ML-DSA signs by trial: a sample holds enough messages that their mean stands still. */
const SIGNED_SAMPLE_MS = 100;
/** Sealing is a hundred small functions: V8 has compiled them all after some thousand messages. */
const WARM_UP_MS = 600;

/** Lengths that the format gives to a message of this kind, read off one that was sealed. */
interface Lengths {
  readonly manifest: number;
  readonly core: number;
  readonly metadata: number;
}

async function lengthsOf(crypto: CryptoProvider, request: SealRequest, content: Bytes): Promise<Lengths> {
  const { manifest } = await sealMessage(crypto, request, [content], nowhere);
  const { sealed, mac } = decodeManifest(manifest.bytes);
  return { manifest: manifest.bytes.length, core: manifest.bytes.length - sealed.length - mac.length, metadata: sealed.length - SEALED_OVERHEAD_BYTES };
}

type Primitive = () => unknown;

/** Repeats stand for calls on inputs of one length. */
const times = (count: number, primitive: Primitive): readonly Primitive[] => Array.from({ length: count }, () => primitive);

/**
 * Of both kinds: message key, salts and nonce drawn; keys by HKDF-SHA-512 (extract, four expansions; content keys two more);
 * content and metadata sealed; erase token and its hash; core hashed; mac; manifest named.
 */
function commonPrimitives(crypto: CryptoProvider, lengths: Lengths, content: Bytes): readonly Primitive[] {
  const [key, salt, nonce] = [crypto.rng.bytes(32), crypto.rng.bytes(24), crypto.rng.bytes(12)];
  const [core, manifest, metadata] = [crypto.rng.bytes(lengths.core), crypto.rng.bytes(lengths.manifest), crypto.rng.bytes(lengths.metadata)];
  const sealedMetadata = crypto.rng.bytes(lengths.metadata + SEALED_OVERHEAD_BYTES);
  return [
    ...[32, 24, 24, 12].map((length) => () => crypto.rng.bytes(length)),
    ...times(7, () => crypto.hkdfExtractSha512(key, salt)),
    () => crypto.aesGcm.seal(key, nonce, content),
    () => crypto.aesGcm.seal(key, nonce, metadata),
    () => crypto.hmacSha256(key, salt),
    () => sha256(key),
    () => sha256(core),
    () => crypto.hmacSha256(key, key, sealedMetadata),
    () => sha256(manifest),
  ];
}

/** A session's stanza: key-encryption key by HKDF-SHA-512, message key under AES-256-GCM. */
function sessionPrimitives(crypto: CryptoProvider): readonly Primitive[] {
  const [key, nonce] = [crypto.rng.bytes(32), crypto.rng.bytes(12)];
  return [...times(2, () => crypto.hkdfExtractSha512(key, key)), () => crypto.aesGcm.seal(key, nonce, key)];
}

/** An X-Wing stanza by HPKE (five HMACs, ChaCha20-Poly1305), the metadata hashed, two signatures. */
function signedPrimitives(crypto: CryptoProvider, request: SealRequest): readonly Primitive[] {
  const [key, nonce, context, metadata] = [crypto.rng.bytes(32), crypto.rng.bytes(12), crypto.rng.bytes(65), crypto.rng.bytes(200)];
  const message = crypto.rng.bytes(64);
  const signatures = Object.values(request.sender?.signingKeys ?? {}).map((signingKey) => {
    const scheme = crypto.signature(signingKey.algorithm as SignatureName);
    return () => scheme.sign(signingKey, message);
  });
  const [recipient] = request.recipients;
  const publicKey = recipient?.publicKey ?? new Uint8Array();
  return [
    () => crypto.kem('x-wing').encapsulate(publicKey),
    ...times(5, () => crypto.hmacSha256(key, context)),
    () => crypto.chaCha20Poly1305.seal(key, nonce, key),
    () => sha256(metadata),
    ...signatures,
  ];
}

interface Kind {
  readonly id: string;
  readonly label: string;
  readonly request: (crypto: CryptoProvider, run: BenchRun) => SealRequest;
  readonly own: (crypto: CryptoProvider, request: SealRequest) => readonly Primitive[];
  readonly budget?: Budget;
  readonly sampleMs?: number;
}

const kinds: readonly Kind[] = [
  {
    id: 'messages.symmetric',
    label: 'seal 1 KiB, session, unsigned',
    request: (crypto, { clock }) => sessionRequest(crypto, clock),
    own: sessionPrimitives,
    budget: atLeast(0.6),
  },
  {
    id: 'messages.signed',
    label: 'seal 1 KiB, X-Wing, signed twice',
    request: (crypto, { clock }) => signedRequest(crypto, clock),
    own: signedPrimitives,
    sampleMs: SIGNED_SAMPLE_MS,
  },
];

const groupOf = ({ id, label, request: makeRequest, own, budget, sampleMs }: Kind): Group => ({
  ids: [id],
  async run(run) {
    const crypto = await loadProvider(run.providerName, run.rng);
    const content = run.rng.bytes(CONTENT_BYTES);
    const request = makeRequest(crypto, run);
    const lengths = await lengthsOf(crypto, request, content);
    const primitives = [...commonPrimitives(crypto, lengths, content), ...own(crypto, request)];
    const common = sampleMs === undefined ? {} : { sampleMs };
    const [limit, subject] = await run.measure([
      {
        name: 'primitives',
        ...common,
        run: () => {
          let last: unknown;
          for (const primitive of primitives) last = primitive();
          return last;
        },
      },
      { name: 'seal', awaits: true, ...common, run: () => sealMessage(crypto, request, [content], nowhere) },
    ], { warmUpMs: WARM_UP_MS });
    const details = { contentBytes: CONTENT_BYTES, manifestBytes: lengths.manifest, primitives: primitives.length };
    return [run.row({ id, label, unit: 'ops/s', basis: 'cpu', subject, limit, ...(budget ? { budget } : {}), details })];
  },
});

export const messages: Bench = { name: 'messages', groups: () => kinds.map(groupOf) };
