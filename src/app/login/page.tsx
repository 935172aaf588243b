// `/login`: the way in, by a one-time link or an API key.
import type { Metadata } from "next";
import { LoginForm } from "./login-form.tsx";
import { safeNextPath } from "./next-path.ts";

export const metadata: Metadata = { title: "Log in", referrer: "no-referrer" };

type Query = { token?: string | string[]; next?: string | string[] };

export default async function Page({ searchParams }: { searchParams: Promise<Query> }) {
  const { token, next } = await searchParams;
  return <LoginForm token={typeof token === "string" ? token : null} next={safeNextPath(next)} />;
}
