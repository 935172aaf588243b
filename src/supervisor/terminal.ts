// What `npm start` shows: a line a part while it starts, then one link, then only what went wrong.
import { homedir } from "node:os";

export type Row = {
  name: string;
  text: string;
  state: "starting" | "ready" | "failed" | "off";
  /** How long it took, in seconds; not shown when it is nothing to speak of. */
  seconds?: number;
};

export type Style = { colour: boolean; columns: number };

const NAME_WIDTH = 11;
const TEXT_WIDTH = 58;
const stateWords = { starting: "…", ready: "ready", failed: "failed", off: "off" } as const;
const stateColours = { starting: 2, ready: 32, failed: 31, off: 33 } as const;

/** Pure: one line of the table, such as `  web        http://127.0.0.1:3000        ready  1.9 s`. */
export function renderRow(row: Row, style: Style): string {
  const seconds = row.seconds === undefined || row.seconds < 0.05 ? "" : `  ${row.seconds.toFixed(1)} s`;
  const state = stateWords[row.state];
  const room = Math.max(20, Math.min(TEXT_WIDTH, style.columns - NAME_WIDTH - state.length - seconds.length - 3));
  const text = row.text.length > room ? `${row.text.slice(0, room - 1)}…` : row.text;
  return `  ${row.name.padEnd(NAME_WIDTH)}${text.padEnd(room)} ${paint(state, stateColours[row.state], style)}${paint(seconds, 2, style)}`.trimEnd();
}

/** Pure: a failed check. What, why, and what to do, each on a line. */
export function renderFailure(failure: { what: string; why: string; remedy: string }, style: Style): string {
  return [paint(failure.what, 31, style), `  ${failure.why}`, `  ${failure.remedy}`].join("\n");
}

/** Pure: the lines below the table once all is ready. */
export function renderReady(loginUrl: string, style: Style): string {
  return [
    "",
    `  Open  ${paint(loginUrl, 1, style)}      (works once; \`npx berth login\` prints another)`,
    "  Stop with Ctrl-C. Sessions go on where they were at the next start.",
    "",
  ].join("\n");
}

/** Without the dashboard there is nothing to log in to: where the API answers, and where its key is. */
export function renderApiReady(api: { url: string; key: string }, style: Style): string {
  return [
    "",
    `  API   ${paint(api.url, 1, style)}      (key: ${api.key})`,
    "  Stop with Ctrl-C. Sessions go on where they were at the next start.",
    "",
  ].join("\n");
}

/** Pure: a path as people write it. */
export function tildePath(path: string, home: string = homedir()): string {
  return path === home || path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

function paint(text: string, code: number, style: Style): string {
  return style.colour && text ? `\u001b[${code}m${text}\u001b[0m` : text;
}

export type Terminal = {
  /** A row appears or changes. On a terminal it changes in place; elsewhere it is printed when it is settled. */
  row(row: Row): void;
  /** Lines above the table while it is being filled, below it afterwards. */
  print(text: string): void;
  /** The table is full: nothing changes in place from here on. */
  settle(): void;
  readonly style: Style;
};

/** From top to bottom; others come last. */
const ROW_ORDER = ["database", "sandboxes", "models", "dashboard", "web"];

function place(name: string): number {
  const index = ROW_ORDER.indexOf(name);
  return index < 0 ? ROW_ORDER.length : index;
}

export type Output = { write(text: string): unknown; isTTY?: boolean; columns?: number };

export function createTerminal(output: Output, options: { noColour: boolean }): Terminal {
  const live = output.isTTY === true;
  const style = { colour: live && !options.noColour, columns: live ? output.columns || 80 : 100 };
  const rows: Row[] = [];
  let drawn = 0;
  let settled = false;

  function erase(): string {
    return drawn > 0 ? `\u001b[${drawn}A\u001b[0J` : "";
  }
  function table(): string {
    drawn = rows.length;
    return rows.map((row) => `${renderRow(row, style)}\n`).join("");
  }

  return {
    style,
    row(row) {
      const index = rows.findIndex((one) => one.name === row.name);
      if (index >= 0) rows[index] = row;
      else rows.push(row);
      rows.sort((a, b) => place(a.name) - place(b.name));
      if (live && !settled) output.write(erase() + table());
      else if (row.state !== "starting") output.write(`${renderRow(row, style)}\n`);
    },
    print(text) {
      if (live && !settled) output.write(`${erase()}${text}\n${table()}`);
      else output.write(`${text}\n`);
    },
    settle() {
      settled = true;
    },
  };
}
