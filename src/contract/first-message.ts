// Metadata of ours: a message with which people may try an agent.

export const FIRST_MESSAGE_KEY = "first_message";

/** Null when the agent suggests none. */
export function firstMessageOf({ metadata }: { metadata: Record<string, string> }): string | null {
  return metadata[FIRST_MESSAGE_KEY] || null;
}
