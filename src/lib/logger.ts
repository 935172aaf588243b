// One structured line per event: constant message, data in fields. Pretty on a terminal, JSON otherwise.
import { type Logger as PinoLogger, pino } from "pino";

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

/** A logger for one part (`web`, `worker`, …). `pretty` is for people at a terminal. */
export function createLogger(part: string, options: { level: LogLevel; pretty: boolean }): Logger {
  return pino({
    name: part,
    level: options.level,
    redact: { paths: REDACTED, censor: "[redacted]" },
    ...(options.pretty
      ? {
          transport: {
            target: "pino-pretty",
            options: { colorize: true, ignore: "pid,hostname", translateTime: "HH:MM:ss" },
          },
        }
      : {}),
  });
}
