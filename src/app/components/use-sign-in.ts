// Who is logged in, and the way out.
"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import type { SignIn } from "../../contract/sign-in.ts";
import { useBerth } from "../providers.tsx";

export function useSignIn() {
  const berth = useBerth();
  return useQuery({
    queryKey: ["sign-in"],
    queryFn: ({ signal }) => berth.signIn.get(signal),
    // Whoever logs in anew loads the page anew.
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useLogOut() {
  const berth = useBerth();
  return useMutation({
    mutationFn: () => berth.signIn.end(),
    onSuccess: () => window.location.replace("/login"),
  });
}

/** The key's name; null for a one-time link. */
export function keyNameOf({ logged_in_by: by }: SignIn): string | null {
  return by?.type === "api_key" ? by.name : null;
}
