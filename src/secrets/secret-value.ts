// Which values are taken as a credential's secret. Pure. What is said never repeats the value.

const MIN_LENGTH = 8;
export const MAX_SECRET_LENGTH = 16_384;

/** What people write where they have no secret yet. Short and common ones would also be "found" in every answer and taken out of it. */
const COMMON = new Set(
  `12345678 123456789 1234567890 87654321 abcdefgh abcd1234 authorization changeit changeme change-me change_me
  credential credentials default1 disabled dontknow enabled! example1 github_token iloveyou letmein1 localhost mypassword
  my-secret my_secret mysecret mytoken! notasecret notset!! passw0rd password password1 password123 placeholder qwertyui
  qwerty123 replaceme replace-me replace_me secret123 secretkey secret-key secret_key secrettoken something supersecret
  test1234 testtest tbd-tbd- token123 undefined yoursecret your-secret your_secret yourtoken your-token your_token
  your-api-key your_api_key yourapikey example-token application/json`.split(/\s+/),
);
/** What the sandbox sees instead of a value; a value that looks like one would be put in for itself. */
export const PLACEHOLDER_PREFIX = "berth_placeholder_";

/** What is wrong with the value, to complete "secret_value: …"; null: nothing. `inHeader`: it has to fit into a header. */
export function secretProblem(value: string, { inHeader }: { inHeader: boolean }): string | null {
  if (/[\r\n]/.test(value)) return "has a line break, which cannot be put into a request";
  if (/\p{Cc}/u.test(value)) return "has a control character, which cannot be put into a request";
  if (value !== value.trim()) return "has a space at its beginning or end";
  if (value.length < MIN_LENGTH)
    return `must have at least ${MIN_LENGTH} characters: shorter ones cannot be told apart from other text in answers`;
  if (value.length > MAX_SECRET_LENGTH) return `must have at most ${MAX_SECRET_LENGTH} characters`;
  if (inHeader && !/^[\x20-\x7e]+$/.test(value))
    return "may only hold printable ASCII characters to be put into a header";
  if (COMMON.has(value.toLowerCase()) || new Set(value).size < 3) return "is a common word: put in the real value";
  if (value.includes(PLACEHOLDER_PREFIX)) return "is a placeholder: put in the real value";
  return null;
}
