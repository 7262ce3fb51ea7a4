import { assert } from "chai";
import fc from "fast-check";
import {
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SavedLooks } from "../../src/cache/looks.js";
import { ConfinedRoot } from "../../src/context/confined.js";
import { parseIgnore } from "../../src/context/ignore.js";
import type { LocalTree } from "../../src/context/local-tree.js";
import { LocalSourceTree } from "../../src/context/local-source-tree.js";
import { LookAgain } from "../../src/context/look-again.js";
import { LookWriter } from "../../src/context/look.js";
import type { Query, Recalled } from "../../src/context/source-tree.js";
import { toBytePath, type BytePath } from "../../src/oci/changeset.js";
import { FileStat } from "../../src/sys/file-stat.js";
import { directoryWith, temporaryDirectory, type Layout } from "./temporary.js";

const temporary = temporaryDirectory();
const longest = "n".repeat(255);

/** More files than so few that nothing is kept of them; names of every length up to whole words, and beyond. */
function contextWith(oddNames: readonly Buffer[]): string {
  const files: Record<string, Layout[string]> = {
    "a/b/c/four": "",
    "a/b/link": { symlink: "c" },
    "a/ignored/x": "",
    "a/ignored/kept": "",
    empty: {},
    [`long/${longest}`]: "",
  };
  for (let i = 0; i < 600; i++) files[`many/${i % 20}/${"f".repeat(i % 9)}${i}`] = "";
  const root = directoryWith(temporary, files);
  for (const name of oddNames)
    writeFileSync(Buffer.concat([Buffer.from(`${root}/a/`), name]), "odd");
  return root;
}

const ignore = parseIgnore({ name: ".dockerignore", text: "**/ignored\n!**/kept\n*.log" });
const query: Query = { patterns: ["."], exclude: ["many/7"] };

/** A tree, and how its looks are kept from one to the next. */
class Scene {
  readonly root = contextWith([Buffer.from([0xff, 0x0a]), Buffer.from("ü")]);
  readonly #looks = new SavedLooks(join(directoryWith(temporary, {}), "a"));

  tree(looked?: LocalTree["looked"]): LocalSourceTree {
    const root = toBytePath(this.root);
    return new LocalSourceTree({ root, ignore, index: undefined, looks: this.#looks, looked });
  }

  async keep(): Promise<void> {
    const tree = this.tree();
    using look = tree.looks?.begin(query);
    const [source] = await tree.select(".", { ...query, onlooker: look });
    assert(source?.base !== undefined && look !== undefined);
    const { name, path, base, entries } = source;
    const kept = { name, path, base, implied: [], length: entries.length };
    await look.keep(query, { name: "kept", source: kept });
  }

  async recall(looked?: LocalTree["looked"]): Promise<Recalled | undefined> {
    return await this.tree(looked).looks?.recall(query);
  }
}

/** What is compared of it; whether a file changed just now depends on when one asks. */
function outcomeOf(recalled: Recalled | undefined): unknown {
  if (recalled === undefined) return undefined;
  const { before, isSame, directories, files } = recalled;
  const contents = files.map((file) => ({ ...file, content: undefined }));
  return { before, isSame, directories: [...directories], contents };
}

describe("a look at a directory of which the names are known", () => {
  let scene: Scene;

  beforeEach(async () => {
    scene = new Scene();
    await sleep(50); // until a change shows in the times
    await scene.keep();
  });

  const path = fc.constantFrom(
    ...["a/new", "a/x.log", "x.log", "a/b/c/four", "a/b/link", "a/ignored/kept", "a/ignored/y"],
    ...["empty/z", "many/3", "many/7/z", "many/4/fff3", "many/16/ffff4"],
  );
  const change = fc.record({
    what: fc.constantFrom("write", "remove", "make", "link", "mode", "time", "rename"),
    path,
    other: path,
  });

  it("B16 shows what listing it would, whatever came, went or changed", async () => {
    const changes = fc.array(change, { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(changes, async (all) => {
        for (const each of all) make(scene.root, each);
        const listed = outcomeOf(await scene.recall(() => true));
        assert.deepStrictEqual(outcomeOf(await scene.recall()), listed);
        await scene.keep();
      }),
      { numRuns: 60 },
    );
  });

  it("B16 sees the same names again, odd ones too, and tells their paths until that is enough", async () => {
    const listed = new Set<BytePath>();
    const all = await scene.recall((looked) => listed.add(looked).size > 0);
    assert.isTrue(all?.isSame);
    assert.includeMembers(
      [...listed],
      ["a/.", "a/\xff\n", "a/\xc3\xbc", "a/ignored/kept", `long/${longest}`].map(
        (text) => text as BytePath,
      ),
    );
    const few: BytePath[] = [];
    const again = await scene.recall((looked) => few.push(looked) < 3);
    assert.deepStrictEqual(few, [...listed].slice(0, 3));
    assert.deepStrictEqual(outcomeOf(again), outcomeOf(all));
    assert.deepStrictEqual(outcomeOf(await scene.recall()), outcomeOf(all));
  });

  it("leaves it to who selects all to say why a directory vanished, or is another", async () => {
    for (const swap of [
      undefined,
      () => {
        symlinkSync("4", join(scene.root, "many/3"));
      },
    ]) {
      let count = 0;
      const recalled = await scene.recall(() => {
        if (++count < 100) return true;
        renameSync(join(scene.root, "many/3"), join(scene.root, "gone"));
        swap?.();
        return false;
      });
      assert.isUndefined(recalled);
      rmSync(join(scene.root, "many/3"), { force: true });
      renameSync(join(scene.root, "gone"), join(scene.root, "many/3"));
      assert.isTrue((await scene.recall())?.isSame);
    }
  });
});

describe("LookAgain", () => {
  const directory = "d" as BytePath;
  let root: BytePath;
  let look: Uint32Array;

  beforeEach(async () => {
    root = toBytePath(directoryWith(temporary, { "d/a": "", "d/b": {}, "d/word": "" }));
    await sleep(50);
    look = lookAt(root);
  });

  it("knows the names of a directory that looks as it did, on a filesystem that tells", () => {
    const { again, stat } = lookAgain(filesystemOf(root));
    assert.isTrue(again.knows(directory));
    using confined = new ConfinedRoot(root);
    using open = confined.directory(directory);
    assert(open !== undefined);
    again.enter(directory);
    assert.deepStrictEqual(again.retrace(open, stat), {
      directories: ["b" as BytePath],
      others: 2,
    });
    assert.isTrue(again.isWhole && again.isSame);
  });

  it("does not know them on one that might not tell, on another, or where something may have happened in the same tick of the clock", () => {
    assert.isFalse(lookAgain(undefined).again.knows(directory));
    assert.isFalse(lookAgain("0:0").again.knows(directory));
    look = lookAt(root, () => {
      utimesSync(join(root, "d"), 1, 1);
    });
    assert.isFalse(lookAgain(filesystemOf(root)).again.knows(directory));
  });

  for (const [what, change] of [
    [
      "came",
      (at: string) => {
        writeFileSync(join(at, "c"), "");
      },
    ],
    [
      "went",
      (at: string) => {
        rmSync(join(at, "a"));
      },
    ],
    [
      "came, and left the mtime as it was",
      (at: string) => {
        writeFileSync(join(at, "c"), "");
        utimesSync(at, 1, 1);
      },
    ],
  ] as const) {
    it(`does not know them where one ${what}`, async () => {
      utimesSync(join(root, "d"), 1, 1);
      await sleep(50);
      look = lookAt(root);
      assert.isTrue(lookAgain(filesystemOf(root)).again.knows(directory));
      change(join(root, "d"));
      assert.isFalse(lookAgain(filesystemOf(root)).again.knows(directory));
    });
  }

  it("finds no name that went since the directory was looked at", () => {
    const { again, stat } = lookAgain(filesystemOf(root));
    using confined = new ConfinedRoot(root);
    using open = confined.directory(directory);
    assert(open !== undefined);
    again.enter(directory);
    rmSync(join(root, "d/word"));
    assert.throws(() => again.retrace(open, stat), "a name that went");
  });

  /** What is in `d`, as a walk sees it that has just begun when something happens. */
  function lookAt(at: BytePath, happens: () => void = () => undefined): Uint32Array {
    const parts: Buffer[] = [];
    const writer = new LookWriter((bytes) => parts.push(Buffer.from(bytes)));
    happens();
    const stat = new FileStat();
    writer.enter("" as BytePath);
    writer.see(directory, seen(stat, join(at, "d")));
    writer.enter(directory);
    for (const name of ["a", "b", "word"])
      writer.see(toBytePath(name), seen(stat, join(at, "d", name)));
    writer.end();
    return new Uint32Array(Uint8Array.from(Buffer.concat(parts)).buffer);
  }

  /** Up to where `d` was seen. */
  function lookAgain(filesystem: string | undefined): { again: LookAgain; stat: FileStat } {
    const again = new LookAgain(look.slice(), filesystem);
    const stat = new FileStat();
    again.enter("" as BytePath);
    again.see(directory, seen(stat, join(root, "d")));
    return { again, stat };
  }
});

function seen(stat: FileStat, path: string): FileStat {
  assert.isTrue(stat.lstat(path));
  return stat;
}

function filesystemOf(path: string): string {
  return seen(new FileStat(), path).filesystem;
}

interface Change {
  readonly what: string;
  readonly path: string;
  readonly other: string;
}

/** Makes it if it can be made. */
function make(root: string, { what, ...paths }: Change): void {
  const [path, other] = [join(root, paths.path), join(root, paths.other)];
  try {
    if (what === "write") writeFileSync(path, "written");
    if (what === "remove") rmSync(path, { recursive: true });
    if (what === "make") mkdirSync(path);
    if (what === "link") symlinkSync("elsewhere", path);
    if (what === "mode") chmodSync(path, 0o700);
    if (what === "time") utimesSync(path, 1, 1);
    if (what === "rename") renameSync(path, other);
  } catch {
    // it is there, it is gone, or it is something else
  }
}
