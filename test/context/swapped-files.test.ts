import { assert } from "chai";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { LocalSourceTree } from "../../src/context/local-source-tree.js";
import type { FileIndex } from "../../src/context/file-index.js";
import type { SelectedSource } from "../../src/context/source-tree.js";
import { toBytePath } from "../../src/oci/changeset.js";
import { readContent } from "../../src/oci/content.js";
import { digestOf, hexOf } from "../../src/oci/digest.js";
import { failureOf } from "../oci/build-errors.js";
import { collect } from "../oci/bytes.js";
import { directoryWith, temporaryDirectory } from "./temporary.js";

/**
 * Somebody else changes a context between the moment when a file is looked at and the one when it is
 * read. The file index is asked just then, which makes the race come out the same each time.
 */
describe("a context that is changed while it is read", () => {
  const temporary = temporaryDirectory();
  const secret = join(temporary, "secret");
  const large = "l".repeat(300_000);
  fs.writeFileSync(secret, "secret");
  fs.mkdirSync(join(temporary, "elsewhere"));
  fs.writeFileSync(join(temporary, "elsewhere/f"), "evil");

  const swaps: readonly {
    readonly name: string;
    readonly swap: (root: string) => void;
    /** Why it is refused; what was there before is read where it is not. */
    readonly says?: RegExp;
  }[] = [
    {
      name: "a link out of the context in place of the file",
      swap: replaceBy((path) => {
        fs.symlinkSync(secret, path);
      }),
      says: /^Cannot read "d\/f": .*ELOOP/,
    },
    {
      name: "a pipe in place of the file, which blocks nobody",
      swap: replaceBy((path) => {
        execFileSync("mkfifo", [path]);
      }),
      says: /^Cannot read "d\/f": /,
    },
    {
      name: "a directory in place of the file",
      swap: replaceBy((path) => {
        fs.mkdirSync(path);
      }),
      says: /^Cannot read "d\/f": .*EISDIR/,
    },
    {
      name: "nothing in place of the file",
      swap: replaceBy(() => undefined),
      says: /^Cannot read "d\/f": .*ENOENT/,
    },
    {
      name: "less in the file",
      swap: (root) => {
        fs.truncateSync(join(root, "d/f"), 2);
      },
      says: /^Cannot read "d\/f": it became shorter while it was being read/,
    },
    {
      name: "more in the file",
      swap: (root) => {
        fs.appendFileSync(join(root, "d/f"), "and more");
      },
    },
    {
      name: "a link out of the context in place of its directory",
      swap: (root) => {
        fs.renameSync(join(root, "d"), join(root, "old"));
        fs.symlinkSync(join(temporary, "elsewhere"), join(root, "d"));
      },
    },
  ];

  for (const [size, content] of [
    ["small", "mine"],
    ["large", large],
  ] as const) {
    for (const { name, swap, says } of swaps) {
      it(`finds ${name} (${size})`, async () => {
        const root = directoryWith(temporary, { "d/f": content });
        const selecting = select(root, swap);
        if (says === undefined) {
          const [, file] = (await selecting)[0]?.entries ?? [];
          assert.propertyVal(file, "sha256", hexOf(digestOf(content)));
          return;
        }
        const error = await failureOf(selecting, "CONTEXT");
        assert.match(error.message, says);
      });
    }
  }

  it("does not read what a link leads to that took the place of its directory later", async () => {
    const root = directoryWith(temporary, { "d/f": "mine" });
    const [source] = await select(root, () => undefined);
    fs.renameSync(join(root, "d"), join(root, "old"));
    fs.symlinkSync(join(temporary, "elsewhere"), join(root, "d"));
    const [, file] = source?.entries ?? [];
    assert.strictEqual(file?.type, "file");
    if (file?.type !== "file") return;
    const error = await failureOf(drain(readContent(file)), "SYSTEM");
    assert.match(error.message, /^Cannot read ".*": it changed while being read/);
  });

  it("gives what it has read, whatever becomes of the file later, but not what changed meanwhile", async () => {
    const root = directoryWith(temporary, { "d/f": "mine", "d/g": "2nd", "d/h": "" });
    const work = directoryWith(temporary, {});
    await setTimeout(50); // no file is from this very moment
    const [source] = await select(
      root,
      () => {
        fs.appendFileSync(join(root, "d/f"), "!");
      },
      ".",
      work,
    );
    fs.rmSync(join(root, "d/g"));
    const files = [...(source?.entries ?? [])].filter((entry) => entry.type === "file");
    const [f, g, h] = files;
    assert(f !== undefined && g !== undefined && h !== undefined);
    assert.match(
      (await failureOf(drain(readContent(f)), "SYSTEM")).message,
      /it no longer has 4 bytes/,
    );
    assert.strictEqual((await collect(readContent(g))).toString(), "2nd");
    assert.strictEqual((await collect(readContent(h))).toString(), "");
    assert.lengthOf(fs.readdirSync(work), 1);
  });

  it("follows no link that took the place of a directory to be opened", async () => {
    const root = directoryWith(temporary, { "d/e/f": "mine", z: "read after d was looked at" });
    const error = await failureOf(
      select(
        root,
        () => {
          fs.renameSync(join(root, "d"), join(root, "old"));
          fs.symlinkSync(join(temporary, "elsewhere"), join(root, "d"));
        },
        ".",
      ),
      "CONTEXT",
    );
    assert.match(error.message, /^Cannot read directory "d": it changed while it was being read/);
  });
});

/** Selects `d`, and lets `swap` do its work when the first file has been looked at. */
function select(
  root: string,
  swap: (root: string) => void,
  pattern = "d",
  work?: string,
): Promise<readonly SelectedSource[]> {
  let isDone = false;
  const index: FileIndex = {
    lookup: () => {
      if (!isDone) swap(root);
      isDone = true;
      return undefined;
    },
    record: () => undefined,
    reserve: () => 0,
    settle: () => undefined,
  };
  const tree = {
    root: toBytePath(root),
    ignore: undefined,
    index: () => Promise.resolve(index),
    work,
  };
  return new LocalSourceTree(tree).select(pattern);
}

function replaceBy(make: (path: string) => void): (root: string) => void {
  return (root) => {
    const path = join(root, "d/f");
    fs.rmSync(path);
    make(path);
  };
}

async function drain(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) assert.isDefined(chunk);
}
