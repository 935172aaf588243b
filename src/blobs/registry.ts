// The blob stores there are. The only list of them: ids are derived from it.
import type { BlobStore } from "./blobs.ts";
import { createDirectoryBlobs } from "./directory.ts";
import { createS3Blobs } from "./s3.ts";

export const blobStores = {
  directory: { label: "A directory of this machine", create: createDirectoryBlobs },
  s3: { label: "A bucket of an S3-compatible store", create: createS3Blobs },
} satisfies Record<string, { label: string; create: (options: never) => BlobStore }>;
