// A session as a command line: sends it a message. The key is the reader's own, from the environment. Pure.

export function sessionCurl(origin: string, sessionId: string): string {
  const event = { type: "user.message", content: [{ type: "text", text: "Go on." }] };
  return [
    `curl -sS '${origin}/v1/sessions/${sessionId}/events' \\`,
    `  -H "x-api-key: $BERTH_API_KEY" -H 'content-type: application/json' \\`,
    `  -d '${JSON.stringify({ events: [event] })}'`,
  ].join("\n");
}
