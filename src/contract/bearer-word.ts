// The word before a bearer's token. It is put there when the token is sent, and is copied along with the token by people.

/** The token itself is what is stored; one that only begins with the letters has no space or colon after them. */
export function hasBearerWord(token: string): boolean {
  return /^\s*(?:authorization:\s*)?bearer[\s:]/i.test(token);
}
