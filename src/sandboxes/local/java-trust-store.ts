// What Java programs trust, in the one form that every Java reads by itself. Pure.
import { createHash } from "node:crypto";

const MAGIC = 0xfeedfeed;
const VERSION = 2;
const TRUSTED_CERTIFICATE = 2;
/** What every Java expects of its own; nothing here is secret. */
const PASSWORD = "changeit";
const SALT = "Mighty Aphrodite";

/** A key store (JKS) that holds each certificate of `pem` as trusted. */
export function javaTrustStore(pem: string): Buffer {
  const certificates = [...pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)].map(
    ([, base64 = ""]) => Buffer.from(base64, "base64"),
  );
  const store = Buffer.concat([
    uint32(MAGIC),
    uint32(VERSION),
    uint32(certificates.length),
    ...certificates.flatMap((certificate, index) => [
      uint32(TRUSTED_CERTIFICATE),
      text(`sandbox-egress-${index + 1}`),
      // When it was put in: nobody asks.
      Buffer.alloc(8),
      text("X.509"),
      uint32(certificate.length),
      certificate,
    ]),
  ]);
  const seal = createHash("sha1").update(Buffer.from(PASSWORD, "utf16le").swap16()).update(SALT).update(store);
  return Buffer.concat([store, seal.digest()]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** ASCII only. */
function text(value: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(value.length);
  return Buffer.concat([length, Buffer.from(value, "latin1")]);
}
