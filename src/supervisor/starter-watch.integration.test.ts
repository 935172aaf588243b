// A process whose starter is gone does not stay behind, whenever the starter went.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";

const watcher = new URL("./starter-watch.ts", import.meta.url).href;

it.each([
  ["while it runs", ""],
  ["before it looked", "await new Promise((resolve) => process.once('disconnect', resolve));"],
])("a process whose starter goes %s ends", async (_, first) => {
  const script = `
    const alive = setInterval(() => {}, 1000);
    process.send("begun");
    ${first}
    const { watchStarter } = await import(${JSON.stringify(watcher)});
    watchStarter(() => { clearInterval(alive); process.exitCode = 7; });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const exited = once(child, "exit");
  await once(child, "message");
  child.disconnect();
  expect((await exited)[0]).toBe(7);
});

it("one that was started without a channel is not ended", async () => {
  const script = `const { watchStarter } = await import(${JSON.stringify(watcher)}); watchStarter(() => process.exit(7));`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
  expect((await once(child, "exit"))[0]).toBe(0);
});
