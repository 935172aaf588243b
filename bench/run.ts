// `npm run bench [-- --only p1,p2] [--install] [--json file]`: each promise of speed, measured against a baseline of the same run.
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { benchDelivery } from "./delivery.ts";
import { benchEgress } from "./egress.ts";
import { type Figure, formatTable, isMet, ratioOf } from "./figures.ts";
import { benchFirstCommand } from "./first-command.ts";
import { benchFootprint } from "./footprint.ts";
import { benchInstall } from "./install.ts";
import { describeMachine, spawnMs, untilQuiet } from "./machine.ts";
import { benchOverhead } from "./overhead.ts";
import { benchPage } from "./page.ts";
import { benchRecovery } from "./recovery.ts";
import { benchRest } from "./rest.ts";
import { benchSnapshots } from "./snapshots.ts";
import { benchTabs } from "./tabs.ts";

const benches: Record<string, { title: string; run: (print: (line: string) => void) => Promise<Figure[]> }> = {
  p1: { title: "P1 first command", run: benchFirstCommand },
  p2: { title: "P2 delivery of events", run: benchDelivery },
  p3: { title: "P3 what Berth adds to a turn", run: benchOverhead },
  p4: { title: "P4 recovery", run: benchRecovery },
  p5: { title: "P5 snapshots", run: benchSnapshots },
  rest: { title: "A large database at rest", run: benchRest },
  tabs: { title: "200 open tabs", run: benchTabs },
  page: { title: "The dashboard in a browser", run: benchPage },
  p7: { title: "P7 the egress broker", run: benchEgress },
  p8: { title: "P8 start and memory", run: benchFootprint },
  install: { title: "P8 install and build", run: benchInstall },
};

const { values: args } = parseArgs({
  options: { only: { type: "string" }, json: { type: "string" }, install: { type: "boolean", default: false } },
});
const wanted = args.only?.split(",") ?? Object.keys(benches).filter((id) => id !== "install" && id !== "rest");
if (args.install && !wanted.includes("install")) wanted.push("install");
const unknown = wanted.filter((id) => !(id in benches));
if (unknown.length > 0) {
  console.error(`No benchmark ${unknown.join(", ")}. There are: ${Object.keys(benches).join(", ")}.`);
  process.exit(2);
}

const machine = await describeMachine();
console.log(machine);
const results: { id: string; title: string; figures: Figure[] }[] = [];
let broken = 0;
for (const id of wanted) {
  const bench = benches[id];
  if (!bench) continue;
  console.log(`\n## ${bench.title}\n`);
  const others = await untilQuiet();
  console.log(
    `  other work on this machine: ${Math.round(others * 100)} % of its processors; starting /bin/true takes ${spawnMs().toFixed(1)} ms`,
  );
  try {
    const figures = await bench.run((line) => console.log(`  ${line}`));
    results.push({ id, title: bench.title, figures });
    console.log(`\n${formatTable(figures)}`);
  } catch (error) {
    broken++;
    console.error(`${bench.title} did not work:`, error);
  }
}
if (args.json) {
  const figures = results.flatMap(({ id, figures }) =>
    figures.map((figure) => ({ bench: id, ...figure, ratio: ratioOf(figure), met: isMet(figure) })),
  );
  await writeFile(args.json, `${JSON.stringify({ machine, at: new Date().toISOString(), figures }, null, 2)}\n`);
}
const promised = results.flatMap(({ figures }) => figures).filter((figure) => isMet(figure) !== null);
console.log(
  `\n${promised.filter(isMet).length} of ${promised.length} goals met${broken > 0 ? `, ${broken} benchmarks did not work` : ""}`,
);
process.exit(broken > 0 ? 1 : 0);
