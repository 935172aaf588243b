import { expect, it } from "vitest";
import { Secret } from "../secret.ts";
import { signAws } from "./aws-sigv4.ts";
import { headerOf } from "./raw-headers.ts";

/** Of AWS's own Signature Version 4 test suite: those that sign no header of the test's own. */
const SESSION_TOKEN =
  "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
const NOW = Date.UTC(2015, 7, 30, 12, 36, 0);

it.each([
  ["get-vanilla", "GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
  ["post-vanilla", "POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
  [
    "get-vanilla-query-order-key-case",
    "GET",
    "/?Param2=value2&Param1=value1",
    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
  ],
  [
    "get-unreserved",
    "GET",
    "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
  ],
  ["post-vanilla-query", "POST", "/?Param1=value1", "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"],
  [
    "get-special-character",
    "GET",
    "/example/$delete",
    "a853c9b21b528b19643d00910d35b83a10c366a10833ceefb45edd6c80e40f27",
  ],
  ["post-sts-header-before", "POST", "/", "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"],
])(
  "C16: %s is signed as AWS's test suite has it, whatever the program signed",
  async (name, method, path, signature) => {
    const withToken = name.includes("sts");
    const headers = await signAws(
      {
        name: "AWS",
        auth: {
          ...{ type: "aws_sigv4", access_key_id: "AKIDEXAMPLE", region: "us-east-1", service: "service" },
          networking: { type: "limited", allowed_hosts: ["example.amazonaws.com"] },
        },
        secrets: {
          secret_access_key: new Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
          ...(withToken && { session_token: new Secret(SESSION_TOKEN) }),
        },
      },
      {
        ...{ host: "example.amazonaws.com", method, path, body: null, now: NOW },
        headers: [
          "Authorization",
          "AWS4-HMAC-SHA256 Credential=MINE/20200101/us-east-1/service/aws4_request",
          "X-Amz-Date",
          "mine",
        ],
      },
    );
    const signed = `host;x-amz-date${withToken ? ";x-amz-security-token" : ""}`;
    expect(headerOf(headers, "authorization")).toBe(
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${signed}, Signature=${signature}`,
    );
    expect(headerOf(headers, "x-amz-date")).toBe("20150830T123600Z");
  },
);
