// The certificates of one sandbox: an authority that lives in memory only, and a leaf for each host that is asked for.
import "reflect-metadata"; // Needed by the certificate library, before it.
import { randomBytes } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

const KEYS = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING = { name: "ECDSA", hash: "SHA-256" };
const HOUR_MS = 3_600_000;
/** Longer than any sandbox runs. */
const AUTHORITY_MS = 10 * 366 * 24 * HOUR_MS;
const LEAF_MS = 48 * HOUR_MS;
/** A leaf is made anew when it is this old. */
const LEAF_FRESH_MS = 24 * HOUR_MS;
/** The sandbox's clock is ours; its programs' idea of it may be a little off. */
const EARLY_MS = HOUR_MS;
const MAX_LEAVES = 200;

export type Authority = {
  /** What the sandbox trusts: one certificate as PEM, with a final line break. */
  certificate: string;
  /** What a TLS server shows for a canonical host. */
  contextFor(host: string): Promise<SecureContext>;
};

export async function createAuthority(options: { now: () => number }): Promise<Authority> {
  const { now } = options;
  // Not extractable: what is signed with it is signed here.
  const keys = await crypto.subtle.generateKey(KEYS, false, ["sign", "verify"]);
  const authority = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: `CN=Sandbox egress ${randomBytes(4).toString("hex")}`,
    notBefore: new Date(now() - EARLY_MS),
    notAfter: new Date(now() + AUTHORITY_MS),
    signingAlgorithm: SIGNING,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  // One key for all leaves: who holds it is the same process that holds the authority's. Most sandboxes never ask for one.
  let leafParts: Promise<LeafParts> | null = null;

  async function makeContext(host: string): Promise<SecureContext> {
    leafParts ??= makeLeafParts(keys.publicKey);
    const { publicKey, privateKeyPem, identifiers } = await leafParts;
    const leaf = await X509CertificateGenerator.create({
      serialNumber: newSerial(),
      // A fixed one: a host may be longer than a common name can be.
      subject: "CN=sandbox egress",
      issuer: authority.subjectName,
      notBefore: new Date(now() - EARLY_MS),
      notAfter: new Date(now() + LEAF_MS),
      signingAlgorithm: SIGNING,
      signingKey: keys.privateKey,
      publicKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension([{ type: "dns", value: host }]),
        ...identifiers,
      ],
    });
    return createSecureContext({ key: privateKeyPem, cert: leaf.toString("pem"), minVersion: "TLSv1.2" });
  }

  /** By host, the one that was used last at the end. */
  const leaves = new Map<string, { context: Promise<SecureContext>; madeAt: number }>();
  return {
    certificate: `${authority.toString("pem")}\n`,
    contextFor(host) {
      const known = leaves.get(host);
      const leaf =
        known && now() - known.madeAt < LEAF_FRESH_MS ? known : { context: makeContext(host), madeAt: now() };
      leaves.delete(host);
      leaves.set(host, leaf);
      for (const oldest of leaves.keys()) {
        if (leaves.size <= MAX_LEAVES) break;
        leaves.delete(oldest);
      }
      return leaf.context;
    },
  };
}

type LeafParts = {
  publicKey: CryptoKey;
  privateKeyPem: string;
  identifiers: (AuthorityKeyIdentifierExtension | SubjectKeyIdentifierExtension)[];
};

async function makeLeafParts(authorityKey: CryptoKey): Promise<LeafParts> {
  const { publicKey, privateKey } = await crypto.subtle.generateKey(KEYS, true, ["sign", "verify"]);
  return {
    publicKey,
    privateKeyPem: PemConverter.encode(await crypto.subtle.exportKey("pkcs8", privateKey), "PRIVATE KEY"),
    identifiers: [
      await AuthorityKeyIdentifierExtension.create(authorityKey),
      await SubjectKeyIdentifierExtension.create(publicKey),
    ],
  };
}

/** 126 random bits, positive and without a leading zero. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}
