import { assert } from "chai";
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { headerSize } from "../../src/cache/look-file.js";
import { SavedLooks } from "../../src/cache/looks.js";
import { openDirectoryContext } from "../../src/context/directory-context.js";
import { parseIgnore } from "../../src/context/ignore.js";
import type { LookRecord, Query, SourceTree } from "../../src/context/source-tree.js";
import type { Entry } from "../../src/oci/changeset.js";
import { directoryWith, temporaryDirectory, type Layout } from "./temporary.js";

const temporary = temporaryDirectory();

/** More than so few that nothing is kept of them. */
function manyFiles(): Layout {
  const files: Record<string, Layout[string]> = {
    "one/x.log": "",
    "one/link": { symlink: "file-0" },
  };
  for (let i = 0; i < 1200; i++) files[`${i % 2 === 0 ? "one" : "two/deep"}/file-${i}`] = `${i}`;
  return files;
}

class Scene {
  readonly root = directoryWith(temporary, manyFiles());
  readonly looks = directoryWith(temporary, {});

  async open(): Promise<SourceTree> {
    return await openDirectoryContext({
      root: this.root,
      ignore: parseIgnore({ name: ".dockerignore", text: "**/*.log" }),
      index: undefined,
      looks: new SavedLooks(join(this.looks, "a")),
    });
  }

  /** What is selected, and the directories that were not listed for it. */
  async scan(query: Query): Promise<{ readonly entries: unknown; readonly known: unknown }> {
    const tree = await this.open();
    using look = tree.looks?.begin(query);
    assert(look !== undefined);
    const known: string[] = [];
    const names: LookRecord["names"] = (path) => {
      known.push(path);
      return look.names?.(path) ?? [];
    };
    const selected: Entry[] = [];
    for (const pattern of query.patterns) {
      const sources = await tree.select(pattern, { ...query, onlooker: { ...look, names } });
      for (const { entries } of sources) selected.push(...entries);
    }
    await look.keep(query, { name: "kept", source: undefined });
    return { entries: selected.map(withoutContent), known: known.sort() };
  }

  async plain({ patterns, ...options }: Query): Promise<unknown> {
    const tree = await this.open();
    const selected: Entry[] = [];
    for (const pattern of patterns)
      for (const { entries } of await tree.select(pattern, options)) selected.push(...entries);
    return selected.map(withoutContent);
  }
}

/** Whether a file had settled is another question each time. */
function withoutContent(entry: Entry): unknown {
  return entry.type === "file" ? { ...entry, content: undefined } : entry;
}

async function settledScene(): Promise<Scene> {
  const scene = new Scene();
  await sleep(50); // until a change shows in the times
  return scene;
}

describe("names that an earlier look saw", () => {
  const all: Query = { patterns: ["."] };

  it("B16 take the place of listing a directory that looks as it did", async () => {
    const scene = await settledScene();
    assert.deepStrictEqual((await scene.scan(all)).known, []);
    assert.deepStrictEqual((await scene.scan(all)).known, ["", "one", "two", "two/deep"]);
    writeFileSync(join(scene.root, "one/file-0"), "edited");
    writeFileSync(join(scene.root, "two/deep/new"), "came");
    rmSync(join(scene.root, "two/deep/file-1"));
    await sleep(50);
    const { entries, known } = await scene.scan(all);
    assert.deepStrictEqual(known, ["", "one", "two"]);
    assert.deepStrictEqual(entries, await scene.plain(all));
    renameSync(join(scene.root, "one/file-2"), join(scene.root, "one/second.log"));
    await sleep(50);
    const renamed = await scene.scan(all);
    assert.deepStrictEqual(renamed.known, ["", "two", "two/deep"]);
    assert.deepStrictEqual(renamed.entries, await scene.plain(all));
  });

  it("are those of all sources that the query has", async () => {
    const scene = await settledScene();
    for (const query of [
      { patterns: ["one/file-10", "one", "one/file-1*", "two"] },
      { patterns: ["./two/deep/file-3*", "./one", "two/deep/"], parents: true },
      { patterns: ["two", "one/*"], exclude: ["**/file-1*"] },
    ] satisfies Query[]) {
      await scene.scan(query);
      const { entries, known } = await scene.scan(query);
      assert.include(known, "two");
      assert.deepStrictEqual(entries, await scene.plain(query));
    }
  });

  it("are not asked for where the look was damaged, or another query's", async () => {
    const scene = await settledScene();
    await scene.scan(all);
    assert.deepStrictEqual((await scene.scan({ patterns: ["one"] })).known, []);
    for (const name of readdirSync(scene.looks)) {
      const bytes = readFileSync(join(scene.looks, name));
      bytes.fill(0, headerSize + 400, headerSize + 600);
      writeFileSync(join(scene.looks, name), bytes);
    }
    const { entries, known } = await scene.scan(all);
    assert.deepStrictEqual(known, []);
    assert.deepStrictEqual(entries, await scene.plain(all));
  });
});
