// What tests of vaults put in, and how they read what they get.
import Anthropic from "@anthropic-ai/sdk";

export type CreateAuth = Anthropic.Beta.Vaults.CredentialCreateParams["auth"];

export const VALUE = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";

export const variable = (changes: object = {}) =>
  ({
    type: "environment_variable",
    secret_name: "GITHUB_TOKEN",
    secret_value: VALUE,
    networking: { type: "limited", allowed_hosts: ["api.github.com"] },
    ...changes,
  }) as CreateAuth;
/** Of a kind that the SDK does not know. */
export const ours = (auth: object) => auth as CreateAuth;
export const onHosts = (...allowed_hosts: string[]) => ({ networking: { type: "limited", allowed_hosts } });

/** The status and the words of a call that is refused. */
export async function refused(call: PromiseLike<unknown>): Promise<{ status: number | undefined; message: string }> {
  const error = await call.then(
    () => new Error("was not refused"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Anthropic.APIError)) throw error;
  return { status: error.status, message: (error.error as { error: { message: string } }).error.message };
}

/** Every object of all pages of a list. */
export async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of pages) found.push(one);
  return found;
}
