// Logs in: at once with the link's token, else with an API key.
"use client";

import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { ApiError } from "../../client/api-error.ts";
import type { BerthClient } from "../../client/berth.ts";
import { Anchor } from "../components/icons/icons.tsx";
import { Button } from "../components/ui/button.tsx";
import { Field } from "../components/ui/field.tsx";
import { Input } from "../components/ui/input.tsx";
import { useBerth } from "../providers.tsx";
import { forgetSignedOutNote, readSignedOutNote } from "./signed-out-note.ts";

const neverChanges = () => () => undefined;

export function LoginForm({ token, next }: { token: string | null; next: string }) {
  const berth = useBerth();
  const [apiKey, setApiKey] = useState("");
  const posted = useRef(false);
  const login = useMutation({
    mutationFn: (way: { token: string } | { apiKey: string }) =>
      "token" in way ? logInByLink(berth, way.token) : berth.signIn.withApiKey(way.apiKey),
    // A full load, so that nothing of the time before remains; the token leaves the history with it.
    onSuccess() {
      forgetSignedOutNote();
      window.location.replace(next);
    },
  });
  const { mutate } = login;
  useEffect(() => {
    // Opening the link is enough. Only this script posts the token, so that a preview of the link does not use it up.
    if (token === null || posted.current) return;
    posted.current = true;
    mutate({ token });
  }, [token, mutate]);

  const signedOut = useSyncExternalStore(neverChanges, readSignedOutNote, () => null);
  const byLink = login.variables !== undefined && "token" in login.variables;
  const refused = login.error instanceof ApiError && login.error.status === 401;
  return (
    <div className="mx-auto grid min-h-dvh max-w-sm content-center gap-6 p-4">
      <h1 className="flex items-center gap-2 text-xl font-semibold">
        <Anchor aria-hidden className="size-5 text-accent" /> Berth
      </h1>
      {signedOut !== null && login.isIdle && token === null && (
        <p role="alert" className="rounded-md border border-waiting bg-waiting-soft px-3 py-2">
          {signedOut}
        </p>
      )}
      <p aria-live="polite" className={login.error ? "text-danger" : "text-muted"}>
        {login.isPending || login.isSuccess || (login.isIdle && token)
          ? "Logging in…"
          : loginMessage({ byLink, refused, error: login.error })}
      </p>
      <form
        className="grid gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          login.mutate({ apiKey: apiKey.trim() });
        }}
      >
        <Field label="API key" hint="In the file “api-key” of the data directory, or BERTH_API_KEY if it is set.">
          {(control) => (
            <Input
              {...control}
              type="password"
              autoComplete="current-password"
              value={apiKey}
              onChange={(event) => setApiKey(event.target.value)}
            />
          )}
        </Field>
        <Button type="submit" look="primary" disabled={login.isPending || apiKey.trim() === ""}>
          Log in
        </Button>
      </form>
    </div>
  );
}

function loginMessage({ byLink, refused, error }: { byLink: boolean; refused: boolean; error: Error | null }): string {
  if (refused && byLink)
    return "This link was used already or is too old. The command “npx berth login” prints a new one.";
  if (refused) return "This key is not known here. Check that it belongs to this server.";
  if (error) return error.message;
  return "Open the link that the terminal shows (the command “npx berth login” prints a new one), or use your API key.";
}

/** A link that was used already is as good as a new one for a browser that is logged in. */
async function logInByLink(berth: BerthClient, token: string): Promise<void> {
  try {
    await berth.signIn.withToken(token);
  } catch (refusal) {
    if (!(refusal instanceof ApiError) || refusal.status !== 401) throw refusal;
    await berth.signIn.get().catch(() => {
      throw refusal;
    });
  }
}
