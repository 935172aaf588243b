// A certificate that signs itself, for hosts of tests that want its key as text.
import "reflect-metadata"; // Needed by the certificate library, before it.
import { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";

const KEYS = { name: "ECDSA", namedCurve: "P-256" };
const HOUR_MS = 3_600_000;

/** Both as PEM. */
export async function makeCertificate(host: string): Promise<{ cert: string; key: string }> {
  const keys = await crypto.subtle.generateKey(KEYS, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=host of a test",
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + HOUR_MS),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    keys,
    extensions: [new SubjectAlternativeNameExtension([{ type: "dns", value: host }])],
  });
  const key = PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return { cert: certificate.toString("pem"), key };
}
