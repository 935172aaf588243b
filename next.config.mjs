// Next.js settings of the dashboard; the server that mounts it is src/bin/web.ts.
// JavaScript, since a TypeScript file makes the running server load Next's compiler: 25 MB that nobody uses.

/** @type {import("next").NextConfig} */
const config = {
  poweredByHeader: false,
  reactStrictMode: true,
  // `npm run types` checks the types of the whole tree, once; the build only needs a file that it may call its own.
  typescript: { ignoreBuildErrors: true, tsconfigPath: "src/app/tsconfig.json" },
  images: { unoptimized: true },
  experimental: {
    // 77 MB on disk to make a second build a little faster; most people build once.
    turbopackFileSystemCacheForBuild: false,
  },
  turbopack: { resolveAlias: { "rehype-raw": "./src/app/components/no-raw-html.ts" } },
};

export default config;
