import fc from "fast-check";
import { expect, it } from "vitest";
import { findForms, formsOf, newCanary } from "../../../test/support/canary.ts";
import { newPlaceholder } from "../placeholders.ts";
import { Secret } from "../secret.ts";
import type { SessionCredential } from "../session-credentials.ts";
import { createScrubber } from "./scrubber.ts";
import { formsOfValue } from "./value-forms.ts";

function credentialOf(value: string, placeholder: string | null): SessionCredential {
  return {
    ...{ id: "c", vaultId: "v", teamId: "t", name: "TOKEN", version: 1, placeholder },
    auth: {
      type: "environment_variable",
      secret_name: "TOKEN",
      networking: { type: "unrestricted" },
      injection_location: { header: true, body: false },
    },
    secrets: { secret_value: new Secret(value) },
  };
}

it("C6: no form of a value is left, wherever it stands and however it is cut", async () => {
  const value = newCanary("forms");
  const placeholder = newPlaceholder();
  const scrubber = createScrubber([credentialOf(value, placeholder)]);
  if (!scrubber) throw new Error("nothing to take out");
  const texts = Object.values(formsOf(value)).flatMap((form) => [form, `x${form}y`, `${form}${form}`]);
  for (const before of ["", "u:", "ab", "user:"])
    for (const encoding of ["base64", "base64url", "hex"] as const)
      texts.push(
        Buffer.from(before + value).toString(encoding),
        Buffer.from(`${before + value}, and more`).toString(encoding),
      );
  for (const text of texts) {
    expect(findForms(Buffer.from(text), [value]), text).not.toEqual([]);
    const stream = scrubber.stream({ keepsLength: false });
    const kept = scrubber.stream({ keepsLength: true });
    for (const byte of Buffer.from(text)) {
      stream.write(Buffer.from([byte]));
      kept.write(Buffer.from([byte]));
    }
    stream.end();
    kept.end();
    expect(findForms(Buffer.concat(await stream.toArray()), [value]), text).toEqual([]);
    const same = Buffer.concat(await kept.toArray());
    expect(findForms(same, [value]), text).toEqual([]);
    expect(same).toHaveLength(Buffer.byteLength(text));
  }
  expect(scrubber.text(`{"token":${JSON.stringify(value)}}`)).toBe(`{"token":"${placeholder}"}`);
});

it("any value that can be stored is found in JSON, URLs, base64 and hexadecimal", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 8, maxLength: 60 }), fc.nat(5), (value, before) => {
      const scrubber = createScrubber([credentialOf(value, null)]);
      const prefix = "p".repeat(before);
      for (const text of [
        value,
        JSON.stringify({ a: value }),
        encodeURIComponent(value),
        Buffer.from(prefix + value).toString("hex"),
        Buffer.from(`${prefix + value}/`).toString("base64"),
      ])
        expect(scrubber?.whole(Buffer.from(text), { keepsLength: false }).equals(Buffer.from(text)), text).toBe(false);
    }),
  );
});

// Each character that somebody writes otherwise, between others that all leave as they are.
const ODD = "abc+DEF/ghi=jkl&mno<pqr>stu'vwx\"yz`123";
it.each<[string, string]>([
  [".NET's JSON", "abc\\u002BDEF/ghi=jkl\\u0026mno\\u003Cpqr\\u003Estu\\u0027vwx\\u0022yz\\u0060123"],
  ["PHP's JSON for HTML", "abc+DEF\\/ghi=jkl\\u0026mno\\u003Cpqr\\u003Estu\\u0027vwx\\u0022yz`123"],
  ["Go's JSON", "abc+DEF/ghi=jkl\\u0026mno\\u003cpqr\\u003estu'vwx\\\"yz`123"],
  ["Go's templates", "abc&#43;DEF/ghi=jkl&amp;mno&lt;pqr&gt;stu&#39;vwx&#34;yz`123"],
  ["PHP's htmlspecialchars", "abc+DEF/ghi=jkl&amp;mno&lt;pqr&gt;stu&#039;vwx&quot;yz`123"],
  ["Python's html.escape", "abc+DEF/ghi=jkl&amp;mno&lt;pqr&gt;stu&#x27;vwx&quot;yz`123"],
  ["Handlebars", "abc+DEF/ghi&#x3D;jkl&amp;mno&lt;pqr&gt;stu&#x27;vwx&quot;yz&#x60;123"],
  ["Mustache", "abc+DEF&#x2F;ghi&#x3D;jkl&amp;mno&lt;pqr&gt;stu&#39;vwx&quot;yz&#x60;123"],
  ["Python's quote", "abc%2BDEF/ghi%3Djkl%26mno%3Cpqr%3Estu%27vwx%22yz%60123"],
  ["a URL in a URL", "abc%252BDEF%252Fghi%253Djkl%2526mno%253Cpqr%253Estu%2527vwx%2522yz%2560123"],
  ["single quotes", "abc+DEF/ghi=jkl&mno<pqr>stu\\'vwx\"yz`123"],
])("C6: a value is found as it is written by %s", (_, written) => {
  const placeholder = newPlaceholder();
  expect(createScrubber([credentialOf(ODD, placeholder)])?.text(`<${written}>`)).toBe(`<${placeholder}>`);
});

it("each form has a stand-in of its own length", () => {
  for (const { bytes, sameLength } of formsOfValue('a"b/c d<e>%ü', newPlaceholder()))
    expect(sameLength).toHaveLength(bytes.length);
});
