// What the terminal shows, as text.
import { describe, expect, it, test } from "vitest";
import { createTerminal, renderApiReady, renderFailure, renderReady, renderRow, tildePath } from "./terminal.ts";

const plain = { colour: false, columns: 100 };

describe("a row", () => {
  it("has its columns under those of the others", () => {
    const rows = [
      renderRow(
        {
          name: "database",
          text: "embedded Postgres 18 · ~/.local/share/berth/postgres",
          state: "ready",
          seconds: 0.6,
        },
        plain,
      ),
      renderRow({ name: "web", text: "http://127.0.0.1:3000", state: "ready", seconds: 1.93 }, plain),
      renderRow({ name: "models", text: "demo model (set LITELLM_GATEWAY_URL to use yours)", state: "ready" }, plain),
    ];
    expect(new Set(rows.map((row) => row.indexOf("ready"))).size).toBe(1);
    expect(rows[0]).toMatch(/^ {2}database {3}embedded Postgres 18 .* ready {2}0\.6 s$/);
    expect(rows[2]).toMatch(/ready$/);
  });

  it("fits a narrow terminal", () => {
    const row = renderRow(
      { name: "database", text: "x".repeat(200), state: "ready", seconds: 1 },
      { colour: false, columns: 60 },
    );
    expect(row.length).toBeLessThanOrEqual(60);
    expect(row).toContain("…");
  });

  it("is coloured only when asked", () => {
    const row = { name: "web", text: "", state: "failed" as const };
    expect(renderRow(row, plain)).not.toContain("\u001b");
    expect(renderRow(row, { ...plain, colour: true })).toContain("\u001b[31mfailed");
  });
});

test("a failure is one line what, one line why, one line what to do", () =>
  expect(
    renderFailure({ what: "Port taken.", why: "By nginx.", remedy: "PORT=3001 npm start" }, plain).split("\n"),
  ).toEqual(["Port taken.", "  By nginx.", "  PORT=3001 npm start"]));

test("the link stands alone, so that a terminal makes it clickable", () =>
  expect(renderReady("http://x/login?token=t", plain)).toMatch(/Open {2}http:\/\/x\/login\?token=t\s/));

test("without the dashboard the API's address and the place of its key are shown, and no login link", () => {
  const text = renderApiReady({ url: "http://x", key: "~/berth/api-key" }, plain);
  expect(text).toMatch(/API {3}http:\/\/x\s/);
  expect(text).toContain("~/berth/api-key");
  expect(text).not.toContain("login");
});

test("home is written as ~, and only as a whole folder", () => {
  expect(tildePath("/home/ada/berth", "/home/ada")).toBe("~/berth");
  expect(tildePath("/home/adam/berth", "/home/ada")).toBe("/home/adam/berth");
});

describe("a terminal", () => {
  it("prints each row once when it is no terminal", () => {
    let text = "";
    const terminal = createTerminal({ write: (chunk: string) => (text += chunk) }, { noColour: false });
    terminal.row({ name: "web", text: "a", state: "starting" });
    terminal.row({ name: "web", text: "a", state: "ready" });
    terminal.print("note");
    expect(text.split("\n").filter(Boolean)).toHaveLength(2);
    expect(text).not.toContain("\u001b");
  });

  it("changes rows in place when it is one, with notes above them", () => {
    let text = "";
    const terminal = createTerminal(
      { write: (chunk: string) => (text += chunk), isTTY: true, columns: 80 },
      { noColour: true },
    );
    terminal.row({ name: "web", text: "a", state: "starting" });
    terminal.row({ name: "web", text: "a", state: "ready" });
    terminal.print("note");
    expect(text.split("\u001b[1A\u001b[0J")).toHaveLength(3);
    expect(text.split("\u001b[1A\u001b[0J").at(-1)).toMatch(/^note\n {2}web/);
    terminal.row({ name: "database", text: "b", state: "starting" });
    expect(text.split("\u001b[0J").at(-1)).toMatch(/^ {2}database.*\n {2}web/);
  });
});
