// Who sent something, for people: `with the key release bot`. Pure.
import type { Sender } from "../../contract/sender.ts";
import { visibleName } from "../../lib/visible-text.ts";

export function senderWords(sender: Sender): string {
  if (sender.type === "api_key") return `with the key ${visibleName(sender.name)}`;
  const by = sender.logged_in_by;
  return by?.type === "api_key"
    ? `in the dashboard, logged in with the key ${visibleName(by.name)}`
    : "in the dashboard";
}
