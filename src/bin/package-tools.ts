// Where package managers get packages from, as one IPC message. They read the settings of who started Berth, so it runs with those rights and ends.
import { askPackageTools } from "../egress/ask-package-tools.ts";

process.send?.({ tools: await askPackageTools(process.env) });
process.disconnect?.();
