// What a sandbox's authority signs, as a strict verifier sees it.
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer, connect as tlsConnect } from "node:tls";
import { expect, it } from "vitest";
import { createAuthority } from "./certificate-authority.ts";

async function shownFor(host: string, authority: Awaited<ReturnType<typeof createAuthority>>, ca: string) {
  const server = createServer({
    SNICallback: (name, done) => void authority.contextFor(name).then((context) => done(null, context)),
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  const socket = tlsConnect({ host: "127.0.0.1", port: address.port, servername: host, ca });
  try {
    await once(socket, "secureConnect");
    return socket.getPeerX509Certificate();
  } finally {
    socket.destroy();
    server.close();
  }
}

it("C21: a leaf is trusted by who trusts the authority, for its host only, and by nobody else", async () => {
  const authority = await createAuthority({ now: Date.now });
  const leaf = await shownFor("api.example.com", authority, authority.certificate);
  expect(leaf?.checkHost("api.example.com")).toBe("api.example.com");
  expect(leaf?.checkHost("example.com")).toBeUndefined();
  expect(leaf?.ca).toBe(false);
  expect(leaf?.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  const root = new X509Certificate(authority.certificate);
  expect(root.ca).toBe(true);
  expect(leaf?.verify(root.publicKey)).toBe(true);
  const other = await createAuthority({ now: Date.now });
  await expect(shownFor("api.example.com", authority, other.certificate)).rejects.toThrow();
});

it("R11: a leaf is made once, again after a day, and no more than 200 are kept", async () => {
  let now = Date.now();
  const authority = await createAuthority({ now: () => now });
  const first = authority.contextFor("a.example");
  expect(authority.contextFor("a.example")).toBe(first);
  now += 25 * 3_600_000;
  const second = authority.contextFor("a.example");
  expect(second).not.toBe(first);
  const all = [first, second];
  for (let index = 0; index < 200; index++) all.push(authority.contextFor(`h${index}.example`));
  expect(authority.contextFor("h199.example")).toBe(all.at(-1));
  const third = authority.contextFor("a.example");
  expect(third).not.toBe(second);
  await Promise.all([...all, third]);
});
