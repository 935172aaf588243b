// Money on the wire: whole cents as decimal text. Inside it is decimal US dollars as text; no floats in between.
import { z } from "zod";

export type MonetaryAmount = { amount: string; currency: "USD" };

export const monetaryAmount = z.strictObject({
  amount: z.string().regex(/^(0|[1-9]\d{0,15})$/, 'must be whole cents as text: "2500" is $25.00'),
  currency: z.literal("USD"),
});

/** Dollars as decimal text to whole cents, half a cent up. */
export function toMonetaryAmount(usd: string): MonetaryAmount {
  const [whole = "0", fraction = ""] = usd.split(".");
  const digits = fraction.padEnd(3, "0");
  const cents = BigInt(whole + digits.slice(0, 2)) + (digits.charAt(2) >= "5" ? 1n : 0n);
  return { amount: cents.toString(), currency: "USD" };
}

/** True when `usd` is as much as the amount or more. */
export function reachesAmount(usd: string, limit: MonetaryAmount): boolean {
  const [whole = "0", fraction = ""] = usd.split(".");
  return BigInt(whole + fraction.padEnd(2, "0").slice(0, 2)) >= BigInt(limit.amount);
}
