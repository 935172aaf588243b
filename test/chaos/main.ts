// `npm run chaos -- --faults 500 --seed 7`: a long run by hand. Ends with 1 when the oracle found something.
import { parseArgs } from "node:util";
import { runChaos } from "./run-chaos.ts";

const { values } = parseArgs({
  options: {
    faults: { type: "string", default: "100" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    sessions: { type: "string", default: "24" },
    "pause-ms": { type: "string", default: "1500" },
  },
});
const print = (line: string) => console.log(line);
print(`seed ${values.seed}`);
const report = await runChaos({
  seed: Number(values.seed),
  faults: Number(values.faults),
  sessions: Number(values.sessions),
  pauseMs: Number(values["pause-ms"]),
  print,
});
const { findings, ...figures } = report;
print(JSON.stringify(figures, null, 2));
for (const { rule, where, what } of findings) print(`FOUND  ${rule}: ${where}: ${what}`);
print(`${findings.length} findings`);
process.exit(findings.length === 0 ? 0 : 1);
