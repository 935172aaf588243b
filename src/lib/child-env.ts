// An environment for a child process: exactly these variables, nothing inherited.

/** Next.js declares `NODE_ENV` as always present, which a child's environment need not have; hence the cast. */
export function childEnv(variables: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  return { ...variables } as NodeJS.ProcessEnv;
}
