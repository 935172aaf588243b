// The try of an MCP server as the API tells it.
import type { OutsideFetch } from "../lib/outside-fetch.ts";
import { probeMcp } from "../mcp/probe-mcp.ts";
import type { ProbeMcp } from "../secrets/validate-credential.ts";

export function createProbe(fetch: OutsideFetch, version: string): ProbeMcp {
  return async (asked) => {
    const outcome = await probeMcp({ ...asked, fetch, version });
    if (outcome.works) return outcome;
    const { method, answer } = outcome;
    if (answer === null) return { works: false, method, answer };
    const { status, contentType, body, bodyTruncated } = answer;
    const told = { status_code: status, content_type: contentType, body, body_truncated: bodyTruncated };
    return { works: false, method, answer: told };
  };
}
