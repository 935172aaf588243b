// Whether a terminal that was not opened is tried again, and what is said. Pure.

/** So often the same failure is no accident. */
const REFUSED_AFTER = 3;

export type Refusal = { final: boolean; message: string };

/** `status` as of an HTTP answer; `failures` in a row, this one included. */
export function refusalOf({ status, message }: { status: number; message: string }, failures: number): Refusal {
  const mayPass = status >= 500 || status === 408 || status === 429;
  return { final: !mayPass || failures >= REFUSED_AFTER, message };
}
