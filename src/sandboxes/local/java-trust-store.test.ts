import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isThere } from "../../../test/support/program-hosts.ts";
import { createAuthority } from "../../egress/certificate-authority.ts";
import { javaTrustStore } from "./java-trust-store.ts";

test.skipIf(!isThere("keytool"))(
  "Java's own tool finds each certificate, and the seal whole",
  async () => {
    const [one, two] = await Promise.all([createAuthority({ now: Date.now }), createAuthority({ now: Date.now })]);
    const directory = mkdtempSync(join(tmpdir(), "berth-java-"));
    try {
      const file = join(directory, "cacerts");
      writeFileSync(file, javaTrustStore(one.certificate + two.certificate));
      // With the password it looks at the seal, too.
      const listed = execFileSync("keytool", ["-list", "-keystore", file, "-storepass", "changeit"], {
        encoding: "utf8",
        stdio: "pipe",
      });
      const marks = listed.match(/[0-9A-F]{2}(:[0-9A-F]{2}){31}/g)?.sort();
      expect(marks).toEqual(
        [one, two].map(({ certificate }) => new X509Certificate(certificate).fingerprint256).sort(),
      );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
    // Java begins slowly where other tests keep the processor busy.
  },
  120_000,
);

test("without a certificate it trusts nothing", () => {
  expect(javaTrustStore("").toString("hex")).toMatch(/^feedfeed0000000200000000[0-9a-f]{40}$/);
});
