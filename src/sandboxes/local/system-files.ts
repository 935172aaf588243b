// What a sandbox sees as /etc: accounts, names and resolver of its own, and of the host only what programs need to work.
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CERTIFICATES_FILE, EGRESS_DIR, JAVA_CERTIFICATES_FILE, RELAY_ADDRESS } from "../../runner/protocol.ts";

export const AGENT_UID = 1000;

const OWN_FILES: Record<string, string> = {
  passwd: `root:x:0:0:root:/root:/usr/sbin/nologin\nagent:x:${AGENT_UID}:${AGENT_UID}:agent:/home/agent:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
  group: `root:x:0:\nagent:x:${AGENT_UID}:\nnogroup:x:65534:\n`,
  hosts: "127.0.0.1 localhost sandbox\n::1 localhost ip6-localhost\n",
  hostname: "sandbox\n",
  "resolv.conf": `nameserver ${RELAY_ADDRESS}\noptions timeout:1 attempts:1\n`,
  "nsswitch.conf":
    "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\nprotocols: files\nservices: files\n",
  "host.conf": "multi on\n",
  shells: "/bin/sh\n/bin/bash\n",
};

/** Readable by everybody on any host, and without anything about the host's users or services. */
const HOST_FILES = [
  "alternatives",
  "ca-certificates.conf",
  "debian_version",
  "fonts",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "localtime",
  "magic",
  "magic.mime",
  "mime.types",
  "os-release",
  "perl",
  "protocols",
  "rpc",
  "services",
  "ssl/certs",
  "ssl/openssl.cnf",
  "terminfo",
  "timezone",
];
/** Settings of languages, by version. */
const HOST_FILES_OF_VERSIONS = /^(java-\d+-openjdk|python3(\.\d+)?)$/;

/** Where programs of different systems look for what to trust. In a sandbox that is the egress broker, and nothing else. */
const CERTIFICATE_FILES = ["ssl/certs/ca-certificates.crt", "ssl/cert.pem", "pki/tls/certs/ca-bundle.crt"];
/** The same for Java: Debian's, and Fedora's. */
export const JAVA_CERTIFICATE_FILES = ["ssl/certs/java/cacerts", "pki/java/cacerts"];

/** Writes the directory anew. Links are copied as links, since their targets lie in /usr. */
export function writeSystemFiles(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const name of [...HOST_FILES, ...readdirSync("/etc").filter((name) => HOST_FILES_OF_VERSIONS.test(name))]) {
    const from = join("/etc", name);
    if (!existsSync(from)) continue;
    const to = join(directory, name);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  }
  for (const [name, content] of Object.entries(OWN_FILES)) {
    writeFileSync(join(directory, name), content);
    chmodSync(join(directory, name), 0o644);
  }
  const links = [
    ...CERTIFICATE_FILES.map((name) => [name, CERTIFICATES_FILE] as const),
    ...JAVA_CERTIFICATE_FILES.map((name) => [name, JAVA_CERTIFICATES_FILE] as const),
  ];
  for (const [name, target] of links) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    rmSync(path, { force: true });
    symlinkSync(`${EGRESS_DIR}/${target}`, path);
  }
  chmodSync(directory, 0o755);
}
