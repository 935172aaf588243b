// Which names are port previews, and which must never be taken for one.
import { expect, test } from "vitest";
import { LOCAL_PLACE, portPreviewPlace, previewOrigin, readPreviewHost } from "./port-preview-address.ts";

const ID = "01k0000000abcdefghjkmnpqrs";
const at = { sessionId: `sesn_${ID}`, port: 5173 };
const none = { preview: null };

test.each<[string | undefined, ReturnType<typeof readPreviewHost>]>([
  [`5173-${ID}.preview.localhost:3000`, { preview: at }],
  [`5173-${ID}.preview.localhost`, { preview: at }],
  [`5173-${ID}.Preview.LOCALHOST.:3000`, { preview: at }],
  [`5173-${ID}.preview.localhost..:3000`, none],
  ["preview.localhost:3000", none],
  ["other.preview.localhost", none],
  [`a.5173-${ID}.preview.localhost`, none],
  [`0-${ID}.preview.localhost`, none],
  [`05173-${ID}.preview.localhost`, none],
  [`65536-${ID}.preview.localhost`, none],
  [`5173-..${ID}.preview.localhost`, none],
  [`5173-${ID}x.preview.localhost`, none],
  ["localhost:3000", null],
  [`5173-${ID}.preview.localhost.evil.example`, null],
  [`5173-${ID}.notpreview.localhost`, null],
  ["", null],
  [undefined, null],
])("%s", (host, expected) => expect(readPreviewHost(host, LOCAL_PLACE)).toEqual(expected));

test("on this machine a link has the port under which the caller found the server", () => {
  for (const [caller, suffix] of [
    ["127.0.0.1:3000", ":3000"],
    ["localhost:8080", ":8080"],
    ["[::1]:3000", ":3000"],
    ["berth.localhost", ""],
  ])
    expect(previewOrigin(at, LOCAL_PLACE, caller)).toBe(`http://5173-${ID}.preview.localhost${suffix}`);
  for (const caller of ["berth.example", "10.0.0.5:3000", undefined])
    expect(previewOrigin(at, LOCAL_PLACE, caller)).toBeNull();
});

test("elsewhere it has the scheme and the port of the setting", () => {
  const origin = (url: string) => previewOrigin(at, portPreviewPlace(url), "berth.example");
  expect(origin("https://preview.example")).toBe(`https://5173-${ID}.preview.example`);
  expect(origin("http://preview.example:8080/")).toBe(`http://5173-${ID}.preview.example:8080`);
  expect(readPreviewHost(`5173-${ID}.preview.example`, portPreviewPlace("https://preview.example"))).toEqual({
    preview: at,
  });
});
