// What tells programs in a sandbox how they reach the outside. Most need none of it: names lead to the relay by themselves.
import { CERTIFICATES_FILE, EGRESS_DIR, RELAY_ADDRESS } from "./protocol.ts";
import { PROXY_PORT } from "./relay.ts";

/** Variables by which programs and libraries find what to trust. */
const CERTIFICATE_VARIABLES = [
  "AWS_CA_BUNDLE",
  "CARGO_HTTP_CAINFO",
  "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
  "CURL_CA_BUNDLE",
  "DENO_CERT",
  "GIT_SSL_CAINFO",
  "NIX_SSL_CERT_FILE",
  "NODE_EXTRA_CA_CERTS",
  "PIP_CERT",
  "REQUESTS_CA_BUNDLE",
  "SSL_CERT_FILE",
];
const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];

export function egressEnv(): Record<string, string> {
  const certificates = `${EGRESS_DIR}/${CERTIFICATES_FILE}`;
  const proxy = `http://${RELAY_ADDRESS}:${PROXY_PORT}`;
  const own = "localhost,127.0.0.1,::1";
  return Object.fromEntries([
    ...CERTIFICATE_VARIABLES.map((name) => [name, certificates]),
    ...PROXY_VARIABLES.flatMap((name) => [
      [name, proxy],
      [name.toLowerCase(), proxy],
    ]),
    ["NO_PROXY", own],
    ["no_proxy", own],
    ["NODE_USE_ENV_PROXY", "1"],
  ]);
}
