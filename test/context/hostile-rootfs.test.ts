import { assert } from "chai";
import { BuildError } from "../../src/error.js";
import { toText } from "../../src/oci/changeset.js";
import { readContent } from "../../src/oci/content.js";
import { openRootfsTree } from "./files-below.js";
import { directoryWith, temporaryDirectory, type Layout } from "./temporary.js";

/** Links of a stage that would lead to files of the host, if anybody followed them there. */
const layout: Layout = {
  "etc/passwd": "inside",
  absolute: { symlink: "/etc/passwd" },
  climbing: { symlink: `${"../".repeat(40)}etc/passwd` },
  root: { symlink: "/" },
  above: { symlink: "../../.." },
  here: { symlink: "." },
  kernel: { symlink: "/proc/self/root/etc/passwd" },
  host: { symlink: "/etc/hostname" },
  self: { symlink: "self" },
  ping: { symlink: "pong/x" },
  pong: { symlink: "ping/y" },
  file: { symlink: "/etc/passwd/" },
  ...Object.fromEntries(
    Array.from({ length: 300 }, (_, i) => [`chain${i}`, { symlink: `chain${i + 1}` }]),
  ),
  "dir/out": { symlink: "../../../../etc/hostname" },
  "dir/up": { symlink: ".." },
};

const cases: readonly { readonly source: string; readonly gives: readonly string[] | string }[] = [
  { source: "absolute", gives: ["inside"] },
  { source: "climbing", gives: ["inside"] },
  { source: "../../../etc/passwd", gives: ["inside"] },
  { source: "root/etc/passwd", gives: ["inside"] },
  { source: "above/above/root/etc/passwd", gives: ["inside"] },
  { source: `${"here/".repeat(30)}etc/passwd`, gives: ["inside"] },
  { source: "root/etc/../etc/passwd", gives: ["inside"] },
  { source: "root/etc/p*", gives: ["inside"] },
  { source: "r*t/etc/passwd", gives: [] },
  { source: "dir", gives: ["out -> ../../../../etc/hostname", "up -> .."] },
  { source: "dir/*", gives: "SOURCE_NOT_FOUND" },
  { source: "kernel", gives: "SOURCE_NOT_FOUND" },
  { source: "host", gives: "SOURCE_NOT_FOUND" },
  { source: "dir/out", gives: "SOURCE_NOT_FOUND" },
  { source: "self", gives: "COPY" },
  { source: "ping/z", gives: "COPY" },
  { source: "chain0", gives: "COPY" },
];

describe("COPY --from of a hostile stage", () => {
  const temporary = temporaryDirectory();
  let root: string;
  before(() => {
    root = directoryWith(temporary, layout);
  });

  for (const { source, gives } of cases) {
    it(`C08 C15 stays inside with "${source.slice(0, 40)}"`, async () => {
      assert.deepStrictEqual(await selected(root, source), gives);
    });
  }
});

/** Contents of files and targets of links, or the code of the failure. */
async function selected(root: string, source: string): Promise<readonly string[] | string> {
  try {
    const texts: string[] = [];
    for (const { entries } of await openRootfsTree(root).select(source)) {
      for (const entry of entries) {
        if (entry.type === "symlink")
          texts.push(`${toText(entry.path)} -> ${toText(entry.target)}`);
        if (entry.type !== "file") continue;
        for await (const chunk of readContent(entry)) texts.push(Buffer.from(chunk).toString());
      }
    }
    return texts;
  } catch (error) {
    if (error instanceof BuildError) return error.code;
    throw error;
  }
}
