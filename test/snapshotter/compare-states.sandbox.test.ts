import { assert } from "chai";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { toBytePath, type BytePath, type Entry } from "../../src/oci/changeset.js";
import { compareStates } from "../../src/snapshotter/compare-states.js";
import { openDirectorySnapshotter } from "../../src/snapshotter/directory-snapshotter.js";
import type { LayerId } from "../../src/snapshotter/snapshotter.js";
import { inUserNamespace } from "../contracts/snapshotter.js";
import { TemporaryDirectory } from "../store/fixture.js";

const metadata = { mode: 0o755, uid: 0, gid: 0, mtime: 0 };
const path = (text: string): BytePath => toBytePath(text);
const directory = (name: string, more = {}): Entry => ({
  ...{ type: "directory", path: path(name), ...metadata },
  ...more,
});
const file = (name: string, text = "", more = {}): Entry => {
  const bytes = Buffer.from(text);
  const content = { kind: "bytes", bytes } as const;
  const entry = { type: "file", path: path(name), ...metadata, size: bytes.byteLength, content };
  return { ...(entry as Entry), ...more };
};
const link = (name: string, target: string): Entry => {
  return { type: "symlink", path: path(name), target: path(target), ...metadata };
};
const gone = (name: string): Entry => ({ type: "whiteout", path: path(name) });
const opaque = (name: string): Entry => ({ type: "opaque", path: path(name) });

const base: readonly Entry[] = [
  directory("etc"),
  file("etc/a", "a"),
  file("etc/b", "b"),
  directory("srv"),
  directory("srv/deep"),
  file("srv/deep/x", "x"),
  file("srv/deep/y", "y"),
  link("srv/link", "deep"),
];

const cases: readonly (readonly [name: string, layer: readonly Entry[], want: string])[] = [
  ["nothing written", [], ""],
  [
    "the same written again, at another time",
    [directory("etc"), file("etc/a", "a", { mtime: 9 })],
    "",
  ],
  ["a file added", [directory("etc"), file("etc/n", "n")], "C etc,A etc/n"],
  ["a directory added with what is in it", [directory("n"), file("n/n")], "A n,A n/n"],
  ["content changed, of the same length", [directory("etc"), file("etc/a", "A")], "C etc,C etc/a"],
  ["a mode changed", [directory("etc"), file("etc/a", "a", { mode: 0o644 })], "C etc,C etc/a"],
  ["a directory's owner changed", [directory("etc", { uid: 7 })], "C etc"],
  ["a link's target changed", [directory("srv"), link("srv/link", "x")], "C srv,C srv/link"],
  ["a file deleted", [directory("etc"), gone("etc/a")], "C etc,D etc/a"],
  ["a directory deleted, once", [directory("srv"), gone("srv/deep")], "C srv,D srv/deep"],
  ["a file in a directory's place", [file("srv", "f")], "C srv"],
  [
    "a directory emptied, and filled anew",
    [
      directory("srv"),
      directory("srv/deep"),
      opaque("srv/deep"),
      file("srv/deep/y", "y"),
      file("srv/deep/z"),
    ],
    "C srv,C srv/deep,D srv/deep/x,A srv/deep/z",
  ],
];

describe("compareStates()", () => {
  const own = new Map<string, LayerId>();
  let place: TemporaryDirectory;
  let snapshotter: Awaited<ReturnType<typeof openDirectorySnapshotter>>;
  let count = 0;
  before(async () => {
    place = await TemporaryDirectory.make();
    const [layers, work] = [join(place.path, "layers"), join(place.path, "work")];
    await mkdir(layers);
    await mkdir(work);
    const userNamespace = inUserNamespace();
    snapshotter = await openDirectorySnapshotter({ layers, work, userNamespace });
  });
  after(() => place[Symbol.asyncDispose]());

  async function layer(entries: readonly Entry[]): Promise<LayerId> {
    const key = JSON.stringify(entries);
    const known = own.get(key);
    if (known !== undefined) return known;
    await using draft = await snapshotter.ingest(entries);
    const id = `layer${"abcdefghijklmnopqrstuvwxyz"[count++] ?? ""}` as LayerId;
    await draft.publish(id);
    own.set(key, id);
    return id;
  }

  for (const [name, entries, want] of cases) {
    it(`tells of ${name}`, async () => {
      const chain = [await layer(base), await layer(entries)];
      const found = await compareStates(snapshotter, chain.slice(0, 1), chain);
      assert.strictEqual(found.map(({ kind, path: at }) => `${kind} ${at}`).join(), want);
    });
  }

  it("turns added and deleted around the other way", async () => {
    const chain = [
      await layer(base),
      await layer([directory("etc"), gone("etc/a"), file("etc/n")]),
    ];
    const found = await compareStates(snapshotter, chain, chain.slice(0, 1));
    const told = found.map(({ kind, path: at }) => `${kind} ${at}`).join();
    assert.strictEqual(told, "C etc,A etc/a,D etc/n");
  });

  it("compares states that have no layer in common", async () => {
    const [a, b] = [await layer(base), await layer([directory("etc"), file("etc/a", "a")])];
    const found = await compareStates(snapshotter, [a], [b]);
    const told = found.map(({ kind, path: at }) => `${kind} ${at}`).join();
    assert.strictEqual(told, "C etc,D etc/b,D srv");
  });
});
