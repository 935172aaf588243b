import { expect, test } from "vitest";
import { looksSecret } from "./looks-secret.ts";

test.each([
  ["TZ", "Europe/Vienna", false],
  ["LANG", "en_US.UTF-8", false],
  ["NODE_ENV", "production", false],
  ["PIP_INDEX_URL", "https://pypi.example.com/simple", false],
  ["CI_COMMIT_MESSAGE", "a-sentence-that-is-long-but-made-of-words", false],
  ["TOKEN_URL", "https://login.example.com/token", false],
  ["USE_TOKEN", "true", false],
  ["ANYTHING", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", true],
  ["ANYTHING", "sk-ant-api03-abcdef", true],
  ["ANYTHING", "AKIAIOSFODNN7EXAMPLE", true],
  ["ANYTHING", "-----BEGIN OPENSSH PRIVATE KEY-----\nabc", true],
  ["DB_PASSWORD", "correct horse", true],
  ["STRIPE_API_KEY", "something-long", true],
  ["ANYTHING", "q8Zr2mVxT0bLw5NcKj7HfYpD", true],
])("%s=%s: %s", (name, value, expected) => expect(looksSecret(name, value)).toBe(expected));
