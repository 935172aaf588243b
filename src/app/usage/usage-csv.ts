// All that a report knows, row by row, for a spreadsheet. Pure.
import type { UsageReport } from "../../contract/usage.ts";
import { toCsv } from "./to-csv.ts";

const HEADER = [
  "day",
  "agent_id",
  "agent_name",
  "model",
  "session_id",
  "session_title",
  "model_requests",
  "unpriced_requests",
  "tool_calls",
  "input_tokens",
  "output_tokens",
  "cache_read_input_tokens",
  "cache_creation_input_tokens",
  "active_seconds",
  "list_cost_usd",
];

export function usageCsv(report: UsageReport): string {
  return toCsv(
    HEADER,
    report.data.map((row) => [
      row.day ?? "",
      row.agent?.id ?? "",
      row.agent?.name ?? "",
      row.model ?? "",
      row.session?.id ?? "",
      row.session?.title ?? "",
      row.model_requests,
      row.unpriced_requests,
      row.tool_calls,
      row.input_tokens,
      row.output_tokens,
      row.cache_read_input_tokens,
      row.cache_creation_input_tokens,
      row.active_seconds,
      // Decimal text of the server's own, exact where a number would not be.
      row.list_cost_usd,
    ]),
  );
}
