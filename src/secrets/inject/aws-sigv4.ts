// aws_sigv4: what a program signed with keys that it made up is signed anew with the credential's.
import { AwsV4Signer } from "aws4fetch";
import type { CredentialAuth } from "../../contract/credentials.ts";
import type { Secret } from "../secret.ts";
import { isCanonicalPath } from "./credential-scope.ts";
import { InjectionRefused } from "./injection-refused.ts";
import { headerOf, type RawHeaders, withoutHeaders } from "./raw-headers.ts";

/** As much of a body is read whole. */
export const MAX_SIGNED_BODY_BYTES = 8 * 1024 * 1024;

type AwsAuth = Extract<CredentialAuth, { type: "aws_sigv4" }>;
export type AwsCredential = { name: string; auth: AwsAuth; secrets: Readonly<Record<string, Secret | undefined>> };
export type ToSign = {
  host: string;
  method: string;
  path: string;
  headers: RawHeaders;
  /** What was read whole of its body, since `needsBody` said so; null: there is none, or its hash is told. */
  body: Buffer | null;
  /** Milliseconds. */
  now: number;
};
/** What a program says of its body's hash is taken: the host checks it. Without it the body has to be read first. */
export function needsBody(headers: RawHeaders): boolean {
  return headerOf(headers, "x-amz-content-sha256") === null;
}

/** Throws `InjectionRefused` for what cannot be signed anew, or is for another service or region. */
export async function signAws(credential: AwsCredential, request: ToSign): Promise<string[]> {
  const { auth, secrets, name } = credential;
  const secretAccessKey = secrets.secret_access_key?.reveal();
  if (secretAccessKey === undefined)
    throw new InjectionRefused("credential_problem", `The credential ${name} has no secret access key.`, {
      status: 502,
    });
  const { service, region } = scopeOf(credential, request);
  const hash = headerOf(request.headers, "x-amz-content-sha256");
  if (hash !== null && /^STREAMING-AWS4-/i.test(hash))
    throw refused(
      name,
      "each chunk of its body is signed by itself. Turn signed chunks off: AWS SDKs send UNSIGNED-PAYLOAD or a trailer then",
    );
  const rest = withoutHeaders(request.headers, (header) =>
    /^(authorization|x-amz-date|x-amz-security-token|x-amz-region-set|date)$/.test(header),
  );
  const signer = new AwsV4Signer({
    ...{ url: `https://${request.host}${request.path}`, method: request.method, service, region },
    // Its types know no Buffer.
    body: request.body === null ? null : new Uint8Array(request.body),
    ...{ headers: toHeaders(rest), accessKeyId: auth.access_key_id, secretAccessKey },
    ...(secrets.session_token && { sessionToken: secrets.session_token.reveal() }),
    datetime: new Date(request.now).toISOString().replace(/[:-]|\.\d{3}/g, ""),
  });
  const { headers } = await signer.sign();
  const added = ["authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"].flatMap((header) => {
    const value = headers.get(header);
    return value === null ? [] : [header, value];
  });
  return [...withoutHeaders(rest, (header) => header === "x-amz-content-sha256"), ...added];
}

/** The credential's, else what the program signed for, else what the host's name tells. */
function scopeOf({ auth, name }: AwsCredential, { path, headers }: ToSign): { service: string; region: string } {
  if (/[?&]X-Amz-(Signature|Algorithm|Credential)=/i.test(path))
    throw refused(name, "its signature stands in the address (presigned)");
  if (!isCanonicalPath(path.replaceAll(/%2f/gi, "")))
    throw new InjectionRefused("credential_path", "The path can be read in several ways, so it is not signed.", {
      status: 400,
    });
  const authorization = headerOf(headers, "authorization") ?? "";
  if (/^AWS4-ECDSA/i.test(authorization)) throw refused(name, "it is signed for several regions (SigV4A)");
  const asked = /Credential=[^/,=]*\/\d{8}\/([^/,]+)\/([^/,]+)\/aws4_request/.exec(authorization);
  const [region, service] = [asked?.[1], asked?.[2]];
  if (auth.region !== null && region !== undefined && region !== auth.region)
    throw refused(name, `it is signed for the region ${region}, and the credential is for ${auth.region}`);
  if (auth.service !== null && service !== undefined && service !== auth.service)
    throw refused(name, `it is signed for the service ${service}, and the credential is for ${auth.service}`);
  return { service: auth.service ?? service ?? "", region: auth.region ?? region ?? "" };
}

function toHeaders(raw: RawHeaders): Headers {
  const headers = new Headers();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    // What a client's own proxy or connection may change on the way is left out of the signature.
    if (/^(x-amz-|content-(type|md5)$)/i.test(raw[index] ?? "")) headers.append(raw[index] ?? "", raw[index + 1] ?? "");
  }
  return headers;
}

function refused(name: string, why: string): InjectionRefused {
  return new InjectionRefused("credential_signature", `The request is not signed anew with ${name}: ${why}.`, {
    detail: name,
  });
}
