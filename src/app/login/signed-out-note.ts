// Why this tab was logged out, told on the page where one logs in again.

const KEY = "berth:signed-out";

export function noteSignedOut(why: string): void {
  sessionStorage.setItem(KEY, why);
}

export function readSignedOutNote(): string | null {
  return sessionStorage.getItem(KEY);
}

export function forgetSignedOutNote(): void {
  sessionStorage.removeItem(KEY);
}
