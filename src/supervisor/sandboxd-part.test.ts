// The first start as root on a fresh Debian machine: that something is installed, and what was.
import { expect, test } from "vitest";
import type { NodePart } from "./node-part.ts";
import { showInstalling, startSandboxd } from "./sandboxd-part.ts";
import type { Supervisor } from "./supervisor.ts";
import { createTerminal } from "./terminal.ts";

test("the terminal says what is being installed and how to turn it off, then what was installed", async () => {
  let output = "";
  const terminal = createTerminal({ write: (text) => (output += text) }, { noColour: true });
  const readyMessage = {
    type: "ready",
    usable: true,
    summary: "local: bubblewrap 0.11.0",
    installed: ["bubblewrap", "ripgrep"],
  };
  const run = () => {
    showInstalling({ type: "installing", packages: ["bubblewrap", "ripgrep"] }, terminal);
    return { ready: Promise.resolve({ readyMessage }) };
  };
  await startSandboxd({
    problem: null,
    prepare: async () => undefined,
    spec: { name: "sandboxd", launch: () => Promise.reject<NodePart>(new Error("not asked for")) },
    parts: { run } as unknown as Supervisor, // What it needs of one.
    terminal,
    signal: new AbortController().signal,
  });
  expect(output.split("\n")).toEqual([
    "  Installing bubblewrap, ripgrep with apt. It may take minutes; BERTH_INSTALL=never turns it off.",
    "  Installed bubblewrap, ripgrep with apt.",
    expect.stringMatching(/^ {2}sandboxes +local: bubblewrap 0\.11\.0 +ready/),
    "",
  ]);
});
