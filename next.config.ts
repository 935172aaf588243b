// Next.js settings of the dashboard; the server that mounts it is src/bin/web.ts.
import type { NextConfig } from "next";

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  // `npm run types` checks the types of the whole tree, once; the build only needs a file that it may call its own.
  typescript: { ignoreBuildErrors: true, tsconfigPath: "src/app/tsconfig.json" },
  images: { unoptimized: true },
};

export default config;
