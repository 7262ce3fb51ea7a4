import { assert } from "chai";
import fc from "fast-check";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { placeCopy } from "../../src/builder/place-copy.js";
import { PlacedText } from "../../src/builder/placed-text.js";
import { recalledSelection } from "../../src/builder/recalled-selection.js";
import { scanContext, type NamedSelection } from "../../src/builder/scan-context.js";
import { factsOf } from "../../src/cache/file-facts.js";
import { headerSize } from "../../src/cache/look-file.js";
import { SavedLooks } from "../../src/cache/looks.js";
import { openDirectoryContext } from "../../src/context/directory-context.js";
import { parseIgnore } from "../../src/context/ignore.js";
import { openRootfs } from "../../src/context/rootfs.js";
import type { Query, SourceTree } from "../../src/context/source-tree.js";
import type { Entry, EntryList } from "../../src/oci/changeset.js";
import type { CopyStep } from "../../src/plan/step.js";
import type { TreeDigest } from "../../src/snapshotter/snapshotter.js";
import { treeDigest } from "../../src/snapshotter/tree-digest.js";
import { directoryWith, temporaryDirectory, type Layout } from "../context/temporary.js";
import { failureOf } from "../oci/build-errors.js";
import { copyStep, now } from "./copying.js";

const temporary = temporaryDirectory();
const query: Query = { patterns: ["."], exclude: ["**/*.tmp"], parents: false };

/** More files than so few that no look is kept of them, of all kinds. */
function manyFiles(): Layout {
  const files: Record<string, Layout[string]> = {
    "src/link": { symlink: "a" },
    "src/a": "a",
    "src/a-b/c": "c",
    "src/deep/b": "b",
    "empty/deep": {},
    "ignored/x.log": "",
    "x.log": "",
    "y.tmp": "",
  };
  for (let i = 0; i < 500; i++) files[`many/${i % 7}/file-${i}`] = "";
  return files;
}

/** Builds of one context, each of which finds what the one before it kept. */
class Builds {
  readonly root = directoryWith(temporary, manyFiles());
  readonly #looks = directoryWith(temporary, {});

  /** As it is told from an earlier look; undefined where it is not. */
  async told(): Promise<NamedSelection | undefined> {
    const recalled = await (await this.#open(true)).looks?.recall(query);
    const kept: Promise<void>[] = [];
    const told = recalled && recalledSelection(recalled, (work) => kept.push(work));
    await Promise.all(kept);
    return told;
  }

  /** Whether all looks as it did when it was looked at last. */
  async isSame(): Promise<boolean> {
    return (await (await this.#open(true)).looks?.recall(query))?.isSame === true;
  }

  /** Turns one bit of the text that is kept, which is that far from its beginning. */
  damage(share: number): void {
    const [name = ""] = readdirSync(this.#looks);
    const path = join(this.#looks, name);
    const bytes = readFileSync(path);
    const [look, text] = [bytes.readUInt32LE(8), bytes.readUInt32LE(12)];
    const at = headerSize + look + Math.floor(text * share);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(path, bytes);
  }

  async scanned(): Promise<NamedSelection> {
    const kept: Promise<unknown>[] = [];
    const named = await scanContext(await this.#open(true), query, (work) => kept.push(work));
    await Promise.all(kept);
    return named;
  }

  /** Without a look before or after it. */
  async plain(): Promise<NamedSelection> {
    return await scanContext(await this.#open(false), query, () => undefined);
  }

  async #open(isKept: boolean): Promise<SourceTree> {
    const looks = isKept ? new SavedLooks(join(this.#looks, "a")) : undefined;
    const ignore = parseIgnore({ name: ".dockerignore", text: "**/*.log\nignored\n!ignored/kept" });
    return await openDirectoryContext({ root: this.root, ignore, index: undefined, looks });
  }

  path(path: string): string {
    return join(this.root, path);
  }
}

/** A change of the context; some are not possible in some states of it. */
type Edit = (at: (path: string) => string) => void;

const file = fc.constantFrom("src/a", "src/a-b/c", "src/deep/b", "many/0/file-0", "many/6/file-6");
const directory = fc.constantFrom(".", "src", "src/deep", "many/0", "empty");
const text = fc.string({ maxLength: 12 });

const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(file, text).map(([path, content]): Edit => (at) => {
    writeFileSync(at(path), content);
  }),
  fc.tuple(file, text).map(([path, content]): Edit => (at) => {
    writeFileSync(at("new.tmp"), content);
    renameSync(at("new.tmp"), at(path));
  }),
  fc
    .tuple(fc.oneof(file, directory), fc.constantFrom(0o755, 0o640))
    .map(([path, mode]): Edit => (at) => {
      chmodSync(at(path), mode);
    }),
  fc.tuple(fc.oneof(file, directory), fc.nat(2 ** 31)).map(([path, time]): Edit => (at) => {
    utimesSync(at(path), time, time);
  }),
  fc.constantFrom("ignored/x.log", "ignored/y", "z.log").map((path): Edit => (at) => {
    writeFileSync(at(path), "");
  }),
);

/** After which a look does not tell what is selected. */
const others: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(directory, fc.constantFrom("0", "z")).map(([path, name]): Edit => (at) => {
    const added = join(at(path), name);
    if (existsSync(added)) rmSync(added);
    else writeFileSync(added, "added");
  }),
  file.map((path): Edit => (at) => {
    rmSync(at("src/second"), { force: true });
    linkSync(at(path), at("src/second"));
  }),
  text.map((target): Edit => (at) => {
    rmSync(at("src/link"));
    symlinkSync(`x${target.replaceAll("\0", "")}`, at("src/link"));
  }),
  fc.constant<Edit>((at) => {
    const kept = at("ignored/kept");
    if (existsSync(kept)) rmSync(kept);
    else writeFileSync(kept, "included again");
  }),
  file.map((path): Edit => (at) => {
    const isFile = lstatSync(at(path)).isFile();
    rmSync(at("src/kind"), { force: true, recursive: true });
    if (isFile) mkdirSync(at("src/kind"));
    else writeFileSync(at("src/kind"), "");
  }),
);

const steps: readonly CopyStep[] = [
  copyStep("/"),
  copyStep("/app/new", { chown: "5:6", chmod: "u+x,g-w" }),
  copyStep("/app", { chmod: "640" }),
];

/** An entry whose path and all else can be compared. */
type Comparable = Exclude<Entry, { type: "opaque" | "whiteout" }>;

/** Whether a file had settled is another question each time, and one with several names is read by any of them. */
function comparable(entries: Iterable<Entry>): readonly Comparable[] {
  return Array.from(entries, (entry) => {
    if (entry.type === "opaque" || entry.type === "whiteout") throw new Error(entry.type);
    if (entry.type !== "file" || entry.content.kind !== "file") return entry;
    const { path, version } = entry.content;
    assert.strictEqual(lstatSync(path).ino, version?.inode);
    return { ...entry, content: { kind: "file", path: entry.path, offset: version?.ctimeMs ?? 0 } };
  });
}

/** Where what a build selects is placed, and how that is known. */
interface Layers {
  readonly key: string;
  readonly trees: readonly TreeDigest[];
  readonly lists: readonly EntryList[];
  readonly entries: readonly (readonly Comparable[])[];
  readonly digests: readonly TreeDigest[];
  readonly facts: readonly (string | undefined)[];
}

const over = directoryWith(temporary, { "app/many/0": {}, "app/src": {} });
const target = { rootfs: openRootfs(over), owner: undefined, work: temporary, now };

async function layersOf({ key, selected }: NamedSelection): Promise<Layers> {
  const lists: EntryList[] = [];
  for (const step of steps) {
    const owner = step.chown === undefined ? undefined : { uid: 5, gid: 6 };
    lists.push(await placeCopy(step, selected, { ...target, owner }));
  }
  const digests = await Promise.all(lists.map((list) => treeDigest(list)));
  const trees = await Promise.all(selected.map(({ entries }) => treeDigest(entries)));
  const facts = [true, false].map((is) =>
    [...(factsOf(selected, { owner: is, mode: is }) ?? [])].join(""),
  );
  return { key, trees, lists, entries: lists.map(comparable), digests, facts };
}

/** Entries of that path are what they are now, all others what they were, but for times that no digest has. */
function assertEdited(list: PlacedText, before: readonly Comparable[]): void {
  const now = comparable(list);
  const edited = comparable(list.edited());
  const replaced = new Map(edited.map((entry) => [entry.path, entry]));
  assert.includeDeepMembers([...now], [...edited]);
  const result = before.map((entry) => replaced.get(entry.path) ?? entry);
  assert.deepStrictEqual(result.map(timeless), now.map(timeless));
}

function timeless(entry: Comparable): unknown {
  return { ...entry, mtime: 0, content: undefined };
}

/** How many layers are told as those before them but for some files. */
function assertEdits(now: Layers, before: Layers): number {
  const edited = now.lists.flatMap((list, i) => {
    const isEdited = list instanceof PlacedText && list.before === before.digests[i];
    return isEdited ? [{ list, before: before.entries[i] ?? [] }] : [];
  });
  for (const { list, before } of edited) assertEdited(list, before);
  return edited.length;
}

describe("recalledSelection", () => {
  it("B16 tells of edited files what a scan finds", async () => {
    const builds = new Builds();
    let before = await layersOf(await builds.scanned());
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 5, arbitrary: edits }, others), { maxLength: 4 }),
        async (batch) => {
          for (const edit of batch) edit((path) => builds.path(path));
          const told = await layersOf((await builds.told()) ?? (await builds.scanned()));
          const { lists, ...scanned } = await layersOf(await builds.plain());
          assert.deepStrictEqual({ ...told, lists }, { ...scanned, lists });
          told.lists.forEach((list) => {
            assert.strictEqual(list.length, [...list].length);
          });
          assertEdits(told, before);
          before = told;
        },
      ),
      { numRuns: 20 },
    );
  });

  it("needs nothing but what differs", async () => {
    const builds = new Builds();
    await sleep(50); // until a change shows in the times
    const before = await layersOf(await builds.scanned());
    writeFileSync(builds.path("many/3/file-3"), "edited");
    writeFileSync(builds.path("src/a"), "edited, too");
    utimesSync(builds.path("src/deep"), 1, 1);
    writeFileSync(builds.path("top.tmp"), "makes the directory another");
    await sleep(50);
    const told = await builds.told();
    assert(told !== undefined);
    const now = await layersOf(told);
    assert.strictEqual(assertEdits(now, before), steps.length);
    const [edited] = now.lists.flatMap((list) =>
      list instanceof PlacedText ? [list.edited()] : [],
    );
    assert.deepStrictEqual(
      edited?.map(({ path }) => path),
      ["many/3/file-3", "src/a", "src/deep"],
    );
    assert.isTrue(await builds.isSame(), "what was told is kept");
    assert.strictEqual((await builds.told())?.key, told.key);
  });

  it("is refused as a scan is where a file would take the place of a directory", async () => {
    const builds = new Builds();
    await sleep(50); // until a change shows in the times
    const scanned = await builds.scanned();
    const told = await builds.told();
    assert(told !== undefined);
    for (const path of ["app/src/a", "app/many/6/file-6", "app/src/link"]) {
      const rootfs = openRootfs(directoryWith(temporary, { [path]: {} }));
      const [first, second] = await Promise.all(
        [scanned, told].map(({ selected }) =>
          failureOf(placeCopy(copyStep("/app"), selected, { ...target, rootfs }), "COPY"),
        ),
      );
      assert.include(first?.message, path);
      assert.strictEqual(second?.message, first?.message);
    }
  });

  it("tells nothing from a text that was damaged", async () => {
    const builds = new Builds();
    await sleep(50);
    const { key } = await builds.scanned();
    for (const share of [0, 0.2, 0.5, 0.8, 0.999]) {
      builds.damage(share);
      assert.isUndefined(await builds.told());
      builds.damage(share); // and back
      assert.strictEqual((await builds.told())?.key, key);
    }
  });
});
