// The text of the KEKs as one IPC message, for the egress broker, which gave up the right to read it again.
import { toKekSource } from "../secrets/check-keks.ts";
import { loadConfigOrExit } from "./config.ts";
import { kekPlace } from "./kek-place.ts";

process.send?.({ text: await toKekSource(kekPlace(loadConfigOrExit())).read() });
process.disconnect?.();
