import fc from "fast-check";
import type { Entry } from "../../src/oci/changeset.js";
import { directory, fifo, file, hardlink, opaque, symlink, whiteout } from "../oci/entries.js";

const paths = fc
  .array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 })
  .map((names) => names.join("/"));
const extra = fc.record({
  mode: fc.constantFrom(0o600, 0o4755),
  uid: fc.constantFrom(0, 7),
  mtime: fc.constantFrom(1, 2_000_000_000),
});
const attributes = fc.constantFrom("user.x", "user.y").map((name) => ({
  xattrs: new Map([[name, Buffer.from("value")]]),
}));
const targets = fc.oneof(paths, fc.constantFrom("/a", "..", "../b", "/c/../../a", "."));
/** An entry of any kind, of few names, so that several are likely to meet. */
export const anyEntry: fc.Arbitrary<Entry> = fc.oneof(
  fc.tuple(paths, extra, attributes).map(([path, more, xattrs]) => {
    return directory(path, { ...more, ...xattrs });
  }),
  fc.tuple(paths, extra).map(([path, more]) => directory(path, more)),
  fc.tuple(paths, fc.string(), extra).map(([path, text, more]) => file(path, text, more)),
  fc.tuple(paths, targets).map(([path, target]) => symlink(path, target)),
  fc.tuple(paths, paths, extra).map(([path, target, more]) => hardlink(path, target, more)),
  paths.map(fifo),
  paths.map(whiteout),
  fc.oneof(paths, fc.constant("")).map(opaque),
  extra.map((more) => directory("", more)),
);
