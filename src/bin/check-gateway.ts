// Whether the gateway answers and takes our key. `npm start` asks, in a process of its own.
import { systemClock } from "../lib/clock.ts";
import { createGatewayClient } from "../models/gateway.ts";
import { loadConfigOrExit } from "./config.ts";

const { gatewayUrl, gatewayApiKey } = loadConfigOrExit();
if (!gatewayUrl) throw new Error("LITELLM_GATEWAY_URL is not set");
const apiKey = gatewayApiKey === null ? null : { reveal: () => gatewayApiKey };
const state = await createGatewayClient({ baseUrl: gatewayUrl, apiKey, clock: systemClock }).check();
process.send?.(state);
