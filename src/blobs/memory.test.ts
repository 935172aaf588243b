// Blobs in memory, which tests of snapshots use, keep the port's promises.
import { createMemoryBlobs } from "../../test/support/memory-blobs.ts";
import { describeBlobs } from "./conformance.ts";

const blobs = createMemoryBlobs();
describeBlobs("memory", () => blobs);
