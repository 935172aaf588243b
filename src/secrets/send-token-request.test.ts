// What token endpoints are asked, behind the dial guard.
import { afterAll, beforeAll, expect, it } from "vitest";
import { startUpstream, type Upstream } from "../../test/support/egress-world.ts";
import { createAuthority } from "../egress/certificate-authority.ts";
import { createDialGuard } from "../egress/dial-guard.ts";
import { createGuardedFetch } from "../egress/guarded-fetch.ts";
import { listOf } from "../egress/refused-addresses.ts";
import { createSendTokenRequest } from "./send-token-request.ts";
import type { TokenRequest } from "./token-request.ts";

const createTokenSender = (options: Parameters<typeof createGuardedFetch>[0]) => {
  const send = createSendTokenRequest(createGuardedFetch(options).fetch);
  return (request: TokenRequest) => send(request, { teamId: "team_1", sessionId: null });
};

const bodies: string[] = [];
let upstream: Upstream;
let send: ReturnType<typeof createTokenSender>;
beforeAll(async () => {
  const authority = await createAuthority({ now: Date.now });
  upstream = await startUpstream(authority, async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    bodies.push(`${request.method} ${request.headers.host} ${request.headers["content-type"]} ${body}`);
    if (request.url === "/moved")
      return void response.writeHead(302, { location: "https://id.example.com/token" }).end();
    response.end(request.url === "/much" ? "x".repeat(300_000) : '{"access_token":"t"}');
  });
  const named = [{ host: "id.example.com", address: "127.0.0.1", port: upstream.port }];
  const guard = createDialGuard({
    namedHosts: named,
    refusedRanges: listOf([]),
    resolve: async () => ["169.254.169.254"],
  });
  send = createTokenSender({ guard, trusted: [authority.certificate] });
});
afterAll(() => upstream.close());

const request = (url: string) => ({
  url,
  headers: { "content-type": "application/x-www-form-urlencoded" },
  body: "grant_type=refresh_token",
});

it("asks the endpoint and gives its answer, a redirect as one", async () => {
  expect(await send(request("https://id.example.com/token?x=1"))).toEqual({
    status: 200,
    body: '{"access_token":"t"}',
    contentType: "",
  });
  expect(bodies.at(-1)).toBe("POST id.example.com application/x-www-form-urlencoded grant_type=refresh_token");
  expect((await send(request("https://id.example.com/moved"))).status).toBe(302);
});

it("E20: goes to no address inside, and to no host whose certificate is not trusted", async () => {
  await expect(send(request("https://metadata.example.com/token"))).rejects.toThrow(/private or reserved/);
  const untrusting = createTokenSender({
    guard: createDialGuard({
      namedHosts: [{ host: "id.example.com", address: "127.0.0.1", port: upstream.port }],
      refusedRanges: listOf([]),
    }),
    trusted: [(await createAuthority({ now: Date.now })).certificate],
  });
  const count = bodies.length;
  await expect(untrusting(request("https://id.example.com/token"))).rejects.toThrow(/certificate/);
  expect(bodies).toHaveLength(count);
});

it("reads no more than a token can be", async () => {
  await expect(send(request("https://id.example.com/much"))).rejects.toThrow(/longer than 262144 bytes/);
});
