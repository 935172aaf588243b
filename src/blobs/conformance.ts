// What every blob store must do. A new adapter is done when this passes.
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { BlobInfo, BlobStore } from "./blobs.ts";

let counter = 0;

export function describeBlobs(name: string, make: () => BlobStore): void {
  const folder = () => `tests/${process.pid}-${counter++}-${randomBytes(4).toString("hex")}`;

  async function listed(store: BlobStore, prefix: string): Promise<BlobInfo[]> {
    const found: BlobInfo[] = [];
    for await (const info of store.list(prefix)) found.push(info);
    return found;
  }

  describe(`blob store ${name}`, () => {
    it("gives back what was put: nothing, a little, and as much as a pack", async () => {
      const store = make();
      for (const sizeBytes of [0, 1, 70_000, 33 * 1024 * 1024]) {
        const key = `${folder()}/blob`;
        const bytes = randomBytes(sizeBytes);
        await store.put(key, bytes);
        expect((await store.get(key))?.equals(bytes), `${sizeBytes} bytes`).toBe(true);
        await store.remove(key);
      }
    }, 60_000);

    it("gives any part of a blob, and what there is of one that goes beyond its end", async () => {
      const store = make();
      const key = `${folder()}/blob`;
      const bytes = randomBytes(1000);
      await store.put(key, bytes);
      const part = (offset: number, lengthBytes: number) => store.get(key, { offset, lengthBytes });
      expect(await part(0, 10)).toEqual(bytes.subarray(0, 10));
      expect(await part(990, 10)).toEqual(bytes.subarray(990));
      expect(await part(500, 1)).toEqual(bytes.subarray(500, 501));
      expect(await part(990, 100)).toEqual(bytes.subarray(990));
      expect(await part(1000, 5)).toEqual(Buffer.alloc(0));
      expect(await part(5000, 5)).toEqual(Buffer.alloc(0));
      expect(await part(10, 0)).toEqual(Buffer.alloc(0));
    });

    it("answers null for what is not there, and removes what is not there", async () => {
      const store = make();
      const key = `${folder()}/missing`;
      expect(await store.get(key)).toBeNull();
      expect(await store.get(key, { offset: 0, lengthBytes: 1 })).toBeNull();
      expect(await store.get(`${folder()}/no/such/folder`)).toBeNull();
      await store.remove(key);
      await store.put(key, Buffer.from("x"));
      await store.remove(key);
      expect(await store.get(key)).toBeNull();
    });

    it("replaces a blob as a whole: a reader sees the old or the new", async () => {
      const store = make();
      const key = `${folder()}/blob`;
      const versions = [1, 2, 3, 4].map((fill) => Buffer.alloc(300_000, fill));
      await store.put(key, versions[0] ?? Buffer.alloc(0));
      let writing = true;
      const reading = (async () => {
        const seen: boolean[] = [];
        while (writing) {
          const bytes = await store.get(key);
          seen.push(versions.some((version) => bytes?.equals(version)));
        }
        return seen;
      })();
      for (const version of versions) await store.put(key, version);
      writing = false;
      expect((await reading).every(Boolean)).toBe(true);
      expect(await store.get(key)).toEqual(versions[3]);
    });

    it("lists what begins with a prefix, in order, with sizes", async () => {
      const store = make();
      const root = folder();
      const keys = ["a", "a-b", "a.c", "b/1", "b/2", "b/c/3", "b0"].map((key) => `${root}/${key}`);
      for (const [index, key] of keys.entries()) await store.put(key, Buffer.alloc(index));
      const infos = keys.map((key, sizeBytes) => ({ key, sizeBytes }));
      const inOrder = infos.toSorted((one, two) => (one.key < two.key ? -1 : 1));
      expect(await listed(store, `${root}/`)).toEqual(inOrder);
      expect((await listed(store, `${root}/b/`)).map((info) => info.key)).toEqual(keys.slice(3, 6));
      expect((await listed(store, `${root}/a`)).map((info) => info.key).sort()).toEqual(keys.slice(0, 3).sort());
      expect(await listed(store, `${root}/nothing`)).toEqual([]);
    });

    it("lists more than one page", async () => {
      const store = make();
      const root = folder();
      const keys = Array.from({ length: 1100 }, (_, index) => `${root}/k${String(index).padStart(5, "0")}`);
      for (let at = 0; at < keys.length; at += 50)
        await Promise.all(keys.slice(at, at + 50).map((key) => store.put(key, Buffer.alloc(0))));
      expect((await listed(store, `${root}/`)).map((info) => info.key)).toEqual(keys);
    }, 60_000);

    it("refuses keys that no store keeps as they are", async () => {
      const store = make();
      for (const key of ["", "/a", "a/", "a//b", "../a", "a/../b", ".a", "a b", "A", "ä", "a\0", "a".repeat(600)])
        await expect(store.put(key, Buffer.alloc(1)), key).rejects.toThrow("not a key");
    });

    it("takes the same blob from many at once", async () => {
      const store = make();
      const key = `${folder()}/blob`;
      const bytes = randomBytes(100_000);
      await Promise.all(Array.from({ length: 10 }, () => store.put(key, bytes)));
      expect(await store.get(key)).toEqual(bytes);
    });

    it("stops when nobody wants it any more", async () => {
      const store = make();
      const signal = AbortSignal.abort(new Error("enough"));
      await expect(store.put(`${folder()}/blob`, Buffer.alloc(10), { signal })).rejects.toThrow();
    });

    it("says that it works", async () => {
      const store = make();
      expect(await store.check()).toMatchObject({ ok: true, detail: expect.stringContaining("works") });
      expect(await listed(store, "probes/")).toEqual([]);
    });
  });
}
