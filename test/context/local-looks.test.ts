import { assert } from "chai";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
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
import { openDirectoryContext } from "../../src/context/directory-context.js";
import { parseIgnore } from "../../src/context/ignore.js";
import type { KeptSource } from "../../src/context/look-memory.js";
import type { LookRecord, Query, Recalled, SourceTree } from "../../src/context/source-tree.js";
import { directoryWith, temporaryDirectory, type Layout } from "./temporary.js";

const temporary = temporaryDirectory();

/** More than so few that nothing is kept of them. */
function manyFiles(): Layout {
  const files: Record<string, Layout[string]> = {
    "src/link": { symlink: "a" },
    "src/a": "a",
    "src/deep/b": "b",
    "other/c": "c",
    "src/x.log": "",
    empty: {},
  };
  for (let i = 0; i < 500; i++) files[`many/${i % 5}/file-${i}`] = "";
  return files;
}

class Scene {
  readonly root = directoryWith(temporary, manyFiles());
  readonly #looks = new SavedLooks(join(directoryWith(temporary, {}), "a"));

  async open(ignored = "**/*.log"): Promise<SourceTree> {
    const ignore = parseIgnore({ name: ".dockerignore", text: ignored });
    return await openDirectoryContext({
      root: this.root,
      ignore,
      index: undefined,
      looks: this.#looks,
    });
  }

  async begin(query: Query): Promise<LookRecord | undefined> {
    return (await this.open()).looks?.begin(query);
  }

  /** What a build does that is not told what it selects. */
  async keep(query: Query, name: string, begun?: LookRecord): Promise<void> {
    const tree = await this.open();
    using look = begun ?? tree.looks?.begin(query);
    for (const pattern of query.patterns) {
      const [source] = await tree.select(pattern, { ...query, onlooker: look });
      assert.isDefined(source?.base);
    }
    const source = { name: "", path: "", base: "", implied: [], length: 0 } as const;
    const only = query.patterns.length === 1 ? source : undefined;
    await look?.keep(query, { name, source: only as KeptSource | undefined });
  }

  async recall(query: Query, ignored?: string): Promise<Recalled | undefined> {
    return await (await this.open(ignored)).looks?.recall(query);
  }

  /** The name of what was selected when all looked the same. */
  async recallSame(query: Query, ignored?: string): Promise<string | undefined> {
    const recalled = await this.recall(query, ignored);
    return recalled?.isSame === true ? recalled.before.name : undefined;
  }
}

const all: Query = { patterns: ["."] };

async function settledScene(): Promise<Scene> {
  const scene = new Scene();
  await sleep(50); // until a change shows in the times
  await scene.keep(all, "all");
  assert.strictEqual(await scene.recallSame(all), "all");
  return scene;
}

describe("LocalLooks", () => {
  interface Change {
    readonly name: string;
    readonly make: (at: (path: string) => string) => void;
  }
  const seen: readonly Change[] = [
    {
      name: "other content",
      make: (at) => {
        writeFileSync(at("src/a"), "A");
      },
    },
    {
      name: "another mode",
      make: (at) => {
        chmodSync(at("src/a"), 0o600);
      },
    },
    {
      name: "another mode of a directory",
      make: (at) => {
        chmodSync(at("empty"), 0o700);
      },
    },
    {
      name: "another time",
      make: (at) => {
        utimesSync(at("src/a"), 1, 1);
      },
    },
    {
      name: "a file that came",
      make: (at) => {
        writeFileSync(at("src/deep/z"), "");
      },
    },
    {
      name: "a file that went",
      make: (at) => {
        rmSync(at("src/deep/b"));
      },
    },
    {
      name: "a file with another name",
      make: (at) => {
        renameSync(at("src/a"), at("src/b"));
      },
    },
    {
      name: "a file in another directory",
      make: (at) => {
        renameSync(at("src/a"), at("other/a"));
      },
    },
    {
      name: "a directory that came",
      make: (at) => {
        mkdirSync(at("src/new"));
      },
    },
    {
      name: "a directory with another name",
      make: (at) => {
        renameSync(at("empty"), at("f"));
      },
    },
    {
      name: "one more name",
      make: (at) => {
        linkSync(at("src/a"), at("src/z"));
      },
    },
    {
      name: "a link that leads elsewhere",
      make: (at) => {
        rmSync(at("src/link"));
        symlinkSync("b", at("src/link"));
      },
    },
    {
      name: "a directory in place of a file",
      make: (at) => {
        rmSync(at("src/a"));
        mkdirSync(at("src/a"));
      },
    },
  ];
  for (const { name, make } of seen) {
    it(`B16 sees ${name}`, async () => {
      const scene = await settledScene();
      make((path) => join(scene.root, path));
      assert.isUndefined(await scene.recallSame(all));
    });
  }

  it("B16 reads again what was edited, and nothing else", async () => {
    const scene = await settledScene();
    writeFileSync(join(scene.root, "src/deep/b"), "bb");
    writeFileSync(join(scene.root, "src/new"), "");
    renameSync(join(scene.root, "src/new"), join(scene.root, "src/a"));
    utimesSync(join(scene.root, "src"), 1, 1);
    chmodSync(join(scene.root, "empty"), 0o700);
    const recalled = await scene.recall(all);
    assert(recalled !== undefined);
    assert.isFalse(recalled.isSame);
    assert.deepStrictEqual(
      recalled.files.map(({ path, size }) => [path, size]),
      [
        ["src/a", 0],
        ["src/deep/b", 2],
      ],
    );
    const directories = [...recalled.directories].map(([path, { changed }]) => [path, changed]);
    assert.deepStrictEqual(directories.filter(([, changed]) => changed !== undefined).map(String), [
      "empty,mode",
      "src,mtime",
    ]);
    await recalled.keep("edited", Buffer.from("text"));
    const again = await scene.recall(all);
    assert.deepStrictEqual([again?.before.name, again?.text()?.toString()], ["edited", "text"]);
  });

  const unlike: readonly Change[] = [
    {
      name: "one more name of a file",
      make: (at) => {
        linkSync(at("src/a"), at("second"));
        renameSync(at("second"), at("other/c"));
      },
    },
    {
      name: "another link",
      make: (at) => {
        rmSync(at("src/link"));
        symlinkSync("b", at("src/link"));
      },
    },
    {
      name: "a pipe in place of a file",
      make: (at) => {
        rmSync(at("src/a"));
        execFileSync("mkfifo", [at("src/a")]);
      },
    },
    {
      name: "a file that came",
      make: (at) => {
        writeFileSync(at("src/z"), "");
      },
    },
    {
      name: "more files than are worth it",
      make: (at) => {
        for (let i = 0; i < 1001; i++) utimesSync(at(`more/${i}`), 1, 1);
      },
    },
  ];
  for (const { name, make } of unlike) {
    it(`B16 leaves ${name} to who selects all`, async () => {
      const scene = new Scene();
      mkdirSync(join(scene.root, "more"));
      for (let i = 0; i < 1001; i++) writeFileSync(join(scene.root, "more", String(i)), "");
      await sleep(50);
      await scene.keep(all, "all");
      make((path) => join(scene.root, path));
      assert.isUndefined(await scene.recall(all));
    });
  }

  it("does not see what is ignored, nor the time that a directory has from it", async () => {
    const scene = await settledScene();
    writeFileSync(join(scene.root, "src/x.log"), "more");
    writeFileSync(join(scene.root, "src/y.log"), "");
    assert.strictEqual(await scene.recallSame(all), "all");
    assert.isUndefined(await scene.recallSame(all, "**/*.log\n!src/y.log"));
  });

  it("tells queries apart", async () => {
    const scene = await settledScene();
    const both: Query = { patterns: ["many", "src/*"], exclude: ["a"], parents: true };
    assert.isUndefined(await scene.recallSame(both));
    await scene.keep(both, "both");
    assert.strictEqual(await scene.recallSame(both), "both");
    assert.isUndefined(await scene.recallSame({ ...both, exclude: [] }));
    assert.isUndefined(await scene.recallSame({ ...both, parents: false }));
    assert.isUndefined(await scene.recallSame({ ...both, patterns: ["src/*", "many"] }));
    for (const pattern of ["many", "many/.", "many/*"]) {
      assert.isUndefined(await scene.recallSame({ patterns: [pattern] }), pattern);
      await scene.keep({ patterns: [pattern] }, pattern);
    }
    assert.strictEqual(await scene.recallSame({ patterns: ["many/."] }), "many/.");
    writeFileSync(join(scene.root, "other/c"), "not selected");
    assert.strictEqual(await scene.recallSame(both), "both");
    assert.isUndefined(await scene.recallSame(all));
  });

  it("leaves it to select to say that something is missing", async () => {
    const scene = await settledScene();
    await scene.keep({ patterns: ["many", "src/a"] }, "two");
    rmSync(join(scene.root, "src/a"));
    assert.isUndefined(await scene.recallSame({ patterns: ["many", "src/a"] }));
  });

  it("reads a file again of which a change could hide in the same tick of the clock, and keeps nothing of few files", async () => {
    const scene = await settledScene();
    const look = await scene.begin(all);
    writeFileSync(join(scene.root, "src/a"), "A");
    await scene.keep(all, "too young", look);
    const recalled = await scene.recall(all);
    assert.deepStrictEqual(
      recalled?.files.map(({ path }) => path),
      ["src/a"],
    );
    await scene.keep({ patterns: ["other"] }, "few");
    assert.isUndefined(await scene.recallSame({ patterns: ["other"] }));
  });
});
