// One structured line per event: constant message, data in fields. Pretty on a terminal, JSON otherwise.
import { type Logger as PinoLogger, pino } from "pino";
import { createLogOutput, type LogOutput } from "./log-output.ts";

export type Logger = PinoLogger;
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";

/** Fields whose values never reach a log line, whatever object they sit in. */
const REDACTED = [
  "apiKey",
  "authorization",
  "token",
  "password",
  "databaseUrl",
  "*.apiKey",
  "*.authorization",
  "*.token",
  "*.password",
  "*.databaseUrl",
];

const STANDARD_OUTPUT = 1;
let output: LogOutput | null = null;

/** One for all loggers of a process: two would write into each other's lines, and each has to be asked for its last words. */
function standardOutput(): LogOutput {
  if (output === null) {
    output = createLogOutput(STANDARD_OUTPUT);
    process.once("exit", output.flushSync);
  }
  return output;
}

/** A logger for one part (`web`, `worker`, …). `pretty` is for people at a terminal. */
export function createLogger(part: string, options: { level: LogLevel; pretty: boolean }): Logger {
  const settings = {
    name: part,
    level: options.level,
    redact: { paths: REDACTED, censor: "[redacted]" },
  };
  if (options.pretty) {
    const look = { colorize: true, ignore: "pid,hostname", translateTime: "HH:MM:ss" };
    return pino({ ...settings, transport: { target: "pino-pretty", options: look } });
  }
  return pino(settings, standardOutput());
}
