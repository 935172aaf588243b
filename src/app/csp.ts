// The dashboard's Content Security Policy: scripts by nonce, everything else from this server only.

/**
 * Header value for one request. Next.js reads the nonce out of it and puts it on its own tags.
 *
 * `data:` and `blob:` images are what a person pastes or an agent's tool returns; nothing remote is ever loaded.
 */
export function contentSecurityPolicy(nonce: string): string {
  if (!/^[A-Za-z0-9+/_-]+=*$/.test(nonce)) throw new Error("the nonce has to be base64");
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
