// Where a file's bytes are: chunks in packs, and stretches of zeros that nobody stores. The same for directory objects.

export type ChunkRef = {
  /** Of the chunk's bytes, hexadecimal. */
  sha256: string;
  sizeBytes: number;
  pack: string;
  offset: number;
  /** As it lies in the pack: compressed with zstd, unless it is as large as the chunk itself. */
  storedBytes: number;
};
export type Segment = ChunkRef | { zeros: number };
export type Content = {
  /** Of the whole, zeros included. */
  sha256: string;
  sizeBytes: number;
  segments: Segment[];
};

/** As JSON: a number is a stretch of zeros. The hash of a content of one chunk is that chunk's. */
export type StoredSegment =
  | number
  | [sha256: string, sizeBytes: number, pack: string, offset: number, storedBytes: number];
export type StoredContent = { sha256: string; sizeBytes: number; segments: StoredSegment[] };

export function toStoredContent({ sha256, sizeBytes, segments }: Content): StoredContent {
  return { sha256, sizeBytes, segments: segments.map(toStoredSegment) };
}

function toStoredSegment(segment: Segment): StoredSegment {
  if ("zeros" in segment) return segment.zeros;
  return [segment.sha256, segment.sizeBytes, segment.pack, segment.offset, segment.storedBytes];
}

export function fromStoredContent({ sha256, sizeBytes, segments }: StoredContent): Content {
  return {
    sha256,
    sizeBytes,
    segments: segments.map((segment) => {
      if (typeof segment === "number") return { zeros: segment };
      const [hash, size, pack, offset, storedBytes] = segment;
      return { sha256: hash, sizeBytes: size, pack, offset, storedBytes };
    }),
  };
}

export function chunksOf(content: Content): ChunkRef[] {
  return content.segments.filter((segment): segment is ChunkRef => !("zeros" in segment));
}

/** Of a team's packs in the blob store. */
export const packPrefix = (teamId: string): string => `packs/${teamId}/`;

/** The key of a pack in the blob store. */
export function packKey(teamId: string, pack: string): string {
  return `${packPrefix(teamId)}${pack.slice(0, 2)}/${pack}`;
}

/** Null: the key is not a pack's. */
export function packIdOf(key: string): string | null {
  return /\/([0-9a-f]{32})$/.exec(key)?.[1] ?? null;
}
