import { assert } from "chai";
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
import { openDirectoryContext } from "../../src/context/directory-context.js";
import { Glance, type Glanced } from "../../src/context/glance.js";
import { parseIgnore } from "../../src/context/ignore.js";
import type { Query, SourceTree } from "../../src/context/source-tree.js";
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
  readonly #memory = new Map<string, Glanced>();

  async open(ignored = "**/*.log"): Promise<SourceTree> {
    const ignore = parseIgnore({ name: ".dockerignore", text: ignored });
    return await openDirectoryContext({
      root: this.root,
      ignore,
      index: undefined,
      glances: {
        get: (query) => this.#memory.get(query),
        set: (query, glanced) => this.#memory.set(query, glanced),
      },
    });
  }

  /** What a build does that has no short cut. */
  async keep(query: Query, name: string, glance = new Glance()): Promise<void> {
    const tree = await this.open();
    for (const pattern of query.patterns) await tree.select(pattern, { ...query, glance });
    tree.glances?.keep(query, glance, name);
  }

  async recall(query: Query, ignored?: string): Promise<string | undefined> {
    return await (await this.open(ignored)).glances?.recall(query);
  }
}

const all: Query = { patterns: ["."] };

async function settledScene(): Promise<Scene> {
  const scene = new Scene();
  await sleep(50); // until a change shows in the times
  await scene.keep(all, "all");
  assert.strictEqual(await scene.recall(all), "all");
  return scene;
}

describe("Glance", () => {
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
      assert.isUndefined(await scene.recall(all));
    });
  }

  it("does not see what is ignored, nor the time that a directory has from it", async () => {
    const scene = await settledScene();
    writeFileSync(join(scene.root, "src/x.log"), "more");
    writeFileSync(join(scene.root, "src/y.log"), "");
    assert.strictEqual(await scene.recall(all), "all");
    assert.isUndefined(await scene.recall(all, "**/*.log\n!src/y.log"));
  });

  it("tells queries apart", async () => {
    const scene = await settledScene();
    const both: Query = { patterns: ["many", "src/*"], exclude: ["a"], parents: true };
    assert.isUndefined(await scene.recall(both));
    await scene.keep(both, "both");
    assert.strictEqual(await scene.recall(both), "both");
    assert.isUndefined(await scene.recall({ ...both, exclude: [] }));
    assert.isUndefined(await scene.recall({ ...both, parents: false }));
    assert.isUndefined(await scene.recall({ ...both, patterns: ["src/*", "many"] }));
    writeFileSync(join(scene.root, "other/c"), "not selected");
    assert.strictEqual(await scene.recall(both), "both");
    assert.isUndefined(await scene.recall(all));
  });

  it("leaves it to select to say that something is missing", async () => {
    const scene = await settledScene();
    await scene.keep({ patterns: ["many", "src/a"] }, "two");
    rmSync(join(scene.root, "src/a"));
    assert.isUndefined(await scene.recall({ patterns: ["many", "src/a"] }));
  });

  it("is not kept while a change could hide in the same tick of the clock, nor of few files", async () => {
    const scene = await settledScene();
    const glance = new Glance();
    writeFileSync(join(scene.root, "src/a"), "A");
    await scene.keep(all, "too young", glance);
    assert.isUndefined(await scene.recall(all));
    await scene.keep({ patterns: ["other"] }, "few");
    assert.isUndefined(await scene.recall({ patterns: ["other"] }));
  });
});
