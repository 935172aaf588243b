// What every sandbox backend's terminals and programs must do: a part of conformance.ts.
import { describe, expect, it } from "vitest";
import { until } from "../../test/support/until.ts";
import type { Channel, Sandbox } from "./sandbox.ts";

type WithSandbox = (use: (sandbox: Sandbox, name: string) => Promise<void>) => Promise<void>;

export function describeChannels(name: string, withSandbox: WithSandbox): void {
  describe(`sandbox backend ${name}: terminals and programs`, () => {
    const size = { columns: 80, rows: 24, offset: 0 };

    it("runs a shell on a terminal of the asked size, as the sandbox's user, without secrets", () =>
      withSandbox(async (sandbox) => {
        const channel = await sandbox.openTerminal("main", { ...size, columns: 97, rows: 31 });
        await channel.write(
          typed("stty size; whoami; tty | grep -c pts; env | sort | sha256sum >/dev/null; echo end-$((1+1))\n"),
        );
        const { said, begunAt } = await readChannel(channel, (text) => text.includes("end-2"));
        expect(begunAt).toBe(0);
        expect(said).toMatch(/31 97\r\nagent\r\n1\r\n/);
        const env = await readChannel(await sandbox.runProgram(["/usr/bin/env"]));
        expect(env.said).not.toMatch(/token|secret|BERTH_/i);
      }));

    it("takes a new size, and keys like Ctrl-C", () =>
      withSandbox(async (sandbox) => {
        const channel = await sandbox.openTerminal("main", size);
        channel.resize({ columns: 120, rows: 40 });
        await channel.write(typed("sleep 600\n"));
        await new Promise((resolve) => setTimeout(resolve, 300));
        await channel.write(typed("\u0003"));
        await channel.write(typed("stty size; echo code-$?\n"));
        const { said } = await readChannel(channel, (text) => text.includes("code-0"));
        expect(said).toContain("40 120");
      }));

    it("keeps a terminal and its output for whoever comes back, from where they were", () =>
      withSandbox(async (sandbox) => {
        const first = await sandbox.openTerminal("main", size);
        await first.write(typed("x=kept; echo first-$((40+2))\n"));
        const before = await readChannel(first, (text) => text.includes("first-42"));
        first.close();
        const again = await sandbox.openTerminal("main", size);
        await again.write(typed("echo $x-$((1+1))\n"));
        const all = await readChannel(again, (text) => text.includes("kept-2"));
        expect(all.begunAt).toBe(0);
        expect(all.said).toContain("first-42");
        again.close();
        const resumed = await sandbox.openTerminal("main", { ...size, offset: before.said.length });
        const rest = await readChannel(resumed, (text) => text.includes("kept-2"));
        expect(rest.begunAt).toBe(before.said.length);
        expect(all.said.startsWith(before.said)).toBe(true);
        expect(rest.said.startsWith(all.said.slice(before.said.length, before.said.length + 20))).toBe(true);
      }));

    it("shows the same to all who look, says how the shell ended, and then gives a new one", () =>
      withSandbox(async (sandbox) => {
        const [one, two] = [await sandbox.openTerminal("main", size), await sandbox.openTerminal("main", size)];
        await one.write(typed("echo seen-$((1+1)); exit 3\n"));
        const both = await Promise.all([readChannel(one), readChannel(two)]);
        for (const each of both) {
          expect(each.said).toContain("seen-2");
          expect(each.exitCode).toBe(3);
        }
        const fresh = await sandbox.openTerminal("main", size);
        await fresh.write(typed("echo fresh-$((1+1))\n"));
        const { said } = await readChannel(fresh, (text) => text.includes("fresh-2"));
        expect(said).not.toContain("seen-2");
      }));

    it("keeps its memory whatever a terminal prints, and lets a slow reader miss the middle, never the end", () =>
      withSandbox(async (sandbox) => {
        const channel = await sandbox.openTerminal("main", size);
        await channel.write(typed("head -c 300000000 /dev/zero | tr '\\0' x; echo; echo the-$((1+1))-end\n"));
        let last = "";
        let bytes = 0;
        for await (const event of channel.events) {
          if (event.type !== "output") continue;
          bytes += event.bytes.length;
          last = (last + Buffer.from(event.bytes).toString("latin1")).slice(-200);
          if (last.includes("the-2-end")) break;
        }
        expect(bytes).toBeGreaterThan(256 * 1024);
        expect((await sandbox.runOperation("after", { kind: "bash", command: "echo fine" })).outcome).toBe("ok");
      }));

    it("refuses terminals without a name or a size, and too many", () =>
      withSandbox(async (sandbox) => {
        for (const [id, options] of [
          ["a/b", size],
          ["", size],
          ["main", { ...size, columns: 0 }],
          ["main", { ...size, rows: 5_000 }],
        ] as const)
          await expect(sandbox.openTerminal(id, options), id).rejects.toMatchObject({ code: "invalid_request" });
        const open = await Promise.all(
          Array.from({ length: 8 }, (_, index) => sandbox.openTerminal(`t${index}`, size)),
        );
        await expect(sandbox.openTerminal("t9", size)).rejects.toThrow("8 terminals at most");
        for (const channel of open) channel.close();
      }));

    it("runs a program with pipes: input, both outputs, exit code", () =>
      withSandbox(async (sandbox) => {
        const channel = await sandbox.runProgram(["sh", "-c", "cat; echo oops >&2; exit 7"]);
        await channel.write(typed("hel"));
        await channel.write(typed("lo"));
        channel.endInput();
        expect(await readChannel(channel)).toMatchObject({ said: "hello", errors: "oops\n", exitCode: 7 });
        const missing = await readChannel(await sandbox.runProgram(["no-such-program"]));
        expect(missing).toMatchObject({ exitCode: 127, errors: "no-such-program: command not found\n" });
        await expect(sandbox.runProgram([])).rejects.toMatchObject({ code: "invalid_request" });
      }));

    it("signals a program with all that it started, and ends it with its connection", () =>
      withSandbox(async (sandbox) => {
        const stopped = await sandbox.runProgram(["sh", "-c", "trap 'exit 9' INT; echo ready; sleep 600 & wait"]);
        let exitCode: number | null = null;
        for await (const event of stopped.events) {
          if (event.type === "output") stopped.signal("SIGINT");
          if (event.type === "exited") exitCode = event.exitCode;
        }
        expect(exitCode).toBe(9);
        const left = await sandbox.runProgram(["sh", "-c", "echo ready; sleep 601 & wait"]);
        // Who stops reading leaves the channel.
        await readChannel(left, (text) => text.includes("ready"));
        await until(async () => {
          const found = await readChannel(await sandbox.runProgram(["sh", "-c", "ps ax | grep -c '[s]leep 60'"]));
          return found.said.trim() === "0";
        });
      }));

    it("ends channels with the sandbox", () =>
      withSandbox(async (sandbox) => {
        const channel = await sandbox.openTerminal("main", size);
        const read = readChannel(channel);
        await sandbox.end();
        expect((await read).exitCode).toBeNull();
        await expect(sandbox.openTerminal("main", size)).rejects.toMatchObject({ code: "sandbox_gone" });
      }));
  });
}

/** What a channel gives until its end, or until `enough` says so. */
async function readChannel(channel: Channel, enough: (said: string) => boolean = () => false) {
  let said = "";
  let errors = "";
  let begunAt: number | null = null;
  let exitCode: number | null = null;
  for await (const event of channel.events) {
    if (event.type === "begun") begunAt = event.offset;
    if (event.type === "output") said += Buffer.from(event.bytes).toString("latin1");
    if (event.type === "error_output") errors += Buffer.from(event.bytes).toString("latin1");
    if (event.type === "exited") exitCode = event.exitCode;
    if (enough(said)) break;
  }
  return { said, errors, begunAt, exitCode };
}
const typed = (text: string) => Buffer.from(text);
