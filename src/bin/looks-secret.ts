// Whether a text looks like a credential. For warnings only: it may err both ways. Pure.

/** How well-known services begin what they give out. */
const KNOWN =
  /^(gh[pousr]_|github_pat_|glpat-|sk-|sk_live_|rk_live_|xox[abprs]-|xapp-|AKIA|ASIA|AIza|ya29\.|npm_|pypi-|hf_|dop_v1_|shpat_|SG\.|eyJ[\w-]+\.eyJ|-----BEGIN [A-Z ]*PRIVATE KEY)/;
const TELLING_NAME = /(^|_)(TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|ACCESS_KEY|PRIVATE_KEY|CREDENTIALS?)$/i;
const MIN_LENGTH = 8;
/** Of one character, in bits. Words and paths have less than random letters and digits. */
const RANDOM_BITS = 3.8;
const RANDOM_LENGTH = 24;

export function looksSecret(name: string, value: string): boolean {
  if (KNOWN.test(value)) return true;
  if (TELLING_NAME.test(name)) return value.length >= MIN_LENGTH && !/^(true|false|\d+|https?:.*|\/.*)$/.test(value);
  return (
    value.length >= RANDOM_LENGTH && /^[A-Za-z0-9+_=-]+$/.test(value) && /\d/.test(value) && bitsOf(value) > RANDOM_BITS
  );
}

function bitsOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
