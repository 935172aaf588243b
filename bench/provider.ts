// The scripted provider as a process: a model that answers at once.
import { startScriptedProvider } from "../test/support/scripted-provider.ts";
import { endWithBench, readOptions, say } from "./child.ts";

const { port } = readOptions<{ port?: number }>();
endWithBench();
const provider = await startScriptedProvider({ models: ["scripted"], ...(port === undefined ? {} : { port }) });
say({ url: provider.url });
// The log of requests would grow without end: nobody reads it here.
setInterval(() => {
  provider.requests.length = 0;
}, 1_000);
