// Where there can be no local sandbox, that is said at once, with what to do; nothing waits and nothing is started again and again.
import { expect, test, vi } from "vitest";
import type { NodePart } from "../../supervisor/node-part.ts";
import { startSandboxd } from "../../supervisor/sandboxd-part.ts";
import type { Supervisor } from "../../supervisor/supervisor.ts";
import { createTerminal } from "../../supervisor/terminal.ts";
import { createLocalBackend } from "./local.ts";
import { platformProblem } from "./platform.ts";
import { remedyFor } from "./self-test.ts";

test("only Linux can have them", () => {
  expect(platformProblem("linux")).toBeNull();
  expect(platformProblem("darwin")?.detail).toBe("local sandboxes need Linux, and this is macOS");
  expect(platformProblem("win32")).toMatchObject({
    detail: expect.stringContaining("Windows"),
    remedy: expect.stringMatching(/rest of Berth runs.*WSL 2/),
  });
});

test("elsewhere the backend says so without asking anybody", async () => {
  const backend = createLocalBackend({ socketPath: "/nowhere", platform: "darwin" });
  expect(await backend.selfTest()).toMatchObject({
    usable: false,
    checks: [{ holds: false, detail: expect.stringContaining("need Linux") }],
    remedy: expect.stringContaining("virtual machine"),
  });
  const spec = { limits: { memoryMb: 64, cpus: 1, pids: 32, diskMb: 64 }, env: {} };
  await expect(backend.create("sesn_1", spec)).rejects.toMatchObject({
    code: "sandbox_unavailable",
    message: expect.stringContaining("need Linux"),
  });
});

test("elsewhere npm start starts no sandboxd; the terminal has one row and what to do", async () => {
  let output = "";
  const terminal = createTerminal({ write: (text) => (output += text) }, { noColour: true });
  const prepare = vi.fn();
  const run = vi.fn();
  await startSandboxd({
    problem: platformProblem("darwin"),
    prepare,
    spec: { name: "sandboxd", launch: () => Promise.reject<NodePart>(new Error("not here")) },
    parts: { run } as unknown as Supervisor, // Only what may not be called.
    terminal,
    signal: new AbortController().signal,
  });
  expect(prepare).not.toHaveBeenCalled();
  expect(run).not.toHaveBeenCalled();
  expect(output).toMatch(/sandboxes +off: agents run without tools +off\n/);
  expect(output).toMatch(/this is macOS\n.*The rest of Berth runs/);
});

test.each([
  ["bwrap: setting up uid map: Permission denied", /^Allow user namespaces: sysctl -w .*userns_clone=1/],
  [
    "bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces.",
    /apparmor_restrict_unprivileged_userns=0/,
  ],
  ["bwrap: Creating new namespace failed: Operation not permitted", /max_user_namespaces/],
  ["bwrap: Can't mount proc on /newroot/proc: Operation not permitted", /--security-opt systempaths=unconfined/],
  ["bwrap: Failed to make / slave: Permission denied", /--security-opt seccomp=unconfined/],
  ["bwrap: execvp: something else", /What bubblewrap said: bwrap: execvp: something else/],
])("%s: the remedy can be typed", (problem, remedy) => {
  expect(remedyFor({ isRoot: false }, true, problem)).toMatch(remedy);
});

test("without a bubblewrap that is new enough the remedy is to install it", () => {
  expect(remedyFor({ isRoot: false }, false, "it needs bubblewrap first")).toMatch(/^Install bubblewrap: .*bubblewrap/);
});
