import { assert } from "chai";
import { chmod, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StepRecords } from "../../src/cache/records.js";
import { parseIgnore } from "../../src/context/ignore.js";
import { LocalSourceTree } from "../../src/context/local-source-tree.js";
import type { SourceTree } from "../../src/context/source-tree.js";
import { toBytePath, type Entry } from "../../src/oci/changeset.js";
import type { Layout } from "../context/temporary.js";
import { TestBuilds, type Given } from "./support/test-builds.js";

/** Something is changed in the context, or in the Dockerfile, between two builds. */
interface Case {
  readonly reason: string;
  readonly files?: Layout;
  readonly before?: string;
  readonly change?: (context: string) => Promise<unknown>;
  readonly after?: string;
}

const copy = "FROM scratch\nCOPY src /srv/";

/** Writes files of the context anew. */
function write(...names: readonly string[]): (context: string) => Promise<unknown> {
  return async (context) => {
    for (const name of names) await writeFile(join(context, name), `new ${name}`);
  };
}

const staged = (lines: string, flags = ""): string =>
  `FROM scratch AS a\n${lines}\nFROM scratch\nCOPY --from=a ${flags}app /bin/`;

const cases: readonly Case[] = [
  { reason: "src/app.ts changed", change: write("src/app.ts") },
  { reason: "src/new.ts added", change: write("src/new.ts") },
  { reason: "src/app.ts deleted", change: (context) => rm(join(context, "src/app.ts")) },
  {
    reason: "src/app.ts renamed to src/main.ts",
    change: (context) => rename(join(context, "src/app.ts"), join(context, "src/main.ts")),
  },
  {
    reason: "mode of src/app.ts changed from 0644 to 0755",
    change: (context) => chmod(join(context, "src/app.ts"), 0o755),
  },
  {
    reason: "mode of src/d changed from 0755 to 0700",
    change: (context) => chmod(join(context, "src/d"), 0o700),
  },
  {
    reason: "link target of src/link changed from app.ts to d/b.ts",
    change: async (context) => {
      await rm(join(context, "src/link"));
      await symlink("d/b.ts", join(context, "src/link"));
    },
  },
  {
    reason: "type of src/link changed from symlink to file",
    change: async (context) => {
      await rm(join(context, "src/link"));
      await writeFile(join(context, "src/link"), "");
    },
  },
  { reason: "src/empty added", change: (context) => mkdir(join(context, "src/empty")) },
  {
    reason: "src/d/b.ts deleted",
    change: (context) => rm(join(context, "src/d"), { recursive: true }),
  },
  {
    reason: "src/app.ts changed, src/d/b.ts changed and 1 more file",
    change: write("src/app.ts", "src/d/b.ts", "src/new.ts"),
  },
  {
    reason: "src/app.ts changed, src/d/b.ts changed and 2 more files",
    change: write("src/app.ts", "src/d/b.ts", "src/1", "src/2"),
  },
  { reason: "src/\u00e9 \u{1F600} added", change: write("src/\u00e9 \u{1F600}") },
  {
    reason: "destination changed from /srv/ to /elsewhere/",
    after: "FROM scratch\nCOPY src /elsewhere/",
  },
  {
    reason:
      'sources changed from "src/app.ts src/link" to "src/app.ts src/d/b.ts", src/d/b.ts added, src/link deleted',
    before: "FROM scratch\nCOPY src/app.ts src/link /srv/",
    after: "FROM scratch\nCOPY src/app.ts src/d/b.ts /srv/",
  },
  { reason: "--chown added (7)", after: "FROM scratch\nCOPY --chown=7 src /srv/" },
  { reason: "--chmod added (a+w)", after: "FROM scratch\nCOPY --chmod=a+w src /srv/" },
  {
    reason: '--exclude added ("app.ts link"), src/app.ts deleted, src/link deleted',
    after: "FROM scratch\nCOPY --exclude=app.ts --exclude=link src /srv/",
  },
  {
    reason: "--chown added (7), src/app.ts changed",
    change: write("src/app.ts"),
    after: "FROM scratch\nCOPY --chown=7 src /srv/",
  },
  {
    reason: "heredoc EOF changed",
    before: "FROM scratch\nCOPY <<EOF /srv/text\none\nEOF\n",
    after: "FROM scratch\nCOPY <<EOF /srv/text\ntwo\nEOF\n",
  },
  {
    reason: "pack.tar changed",
    files: { "pack.tar": "not one", other: "" },
    before: "FROM scratch\nADD pack.tar /srv/",
    change: write("pack.tar"),
  },
  {
    reason: "d/app.ts changed, top.ts changed",
    files: { "d/app.ts": "1", "top.ts": "1", "e.js": "1" },
    before: "FROM scratch\nCOPY d/*.ts t*.ts /srv/",
    change: write("d/app.ts", "top.ts", "e.js"),
  },
  {
    reason: "d/app.ts changed",
    files: { "d/app.ts": "1", "d/e.js": "1" },
    before: "FROM scratch\nCOPY --parents ./d/*.ts /srv/",
    change: write("d/app.ts"),
  },
  {
    reason: "app changed, --from changed at RUN put app 2",
    before: staged("RUN put app 1"),
    after: staged("RUN put app 2"),
  },
];

describe("a COPY that misses", () => {
  const layout: Layout = {
    "src/app.ts": "app",
    "src/d/b.ts": "b",
    "src/link": { symlink: "app.ts" },
  };
  for (const { reason, files = layout, before = copy, change, after = before } of cases) {
    it(`says "${reason}"`, async () => {
      await using builds = await TestBuilds.open(files);
      const first = await builds.build(before);
      assert.strictEqual(first.log.reason(first.log.started.at(-1) ?? ""), "never built before");
      await change?.(builds.context);
      const { log } = await builds.build(after);
      assert.strictEqual(log.reason(log.started.at(-1) ?? ""), reason);
    });
  }

  const title = "[1/1] COPY src /srv/";

  it('says ".dockerignore changed" where that hides or shows files', async () => {
    await using builds = await TestBuilds.open(layout);
    const ignoring = (text: string): Given => ({
      context: () => ignoringTree(builds.context, text),
    });
    const first = await builds.build(copy, ignoring("# nothing"));
    assert.strictEqual(first.log.reason(title), "never built before");
    const hidden = await builds.build(copy, ignoring("**/*.ts"));
    const gone = "src/app.ts deleted, src/d/b.ts deleted, .dockerignore changed";
    assert.strictEqual(hidden.log.reason(title), gone);
    const shown = await builds.build(copy, ignoring("**/a*.ts"));
    assert.strictEqual(shown.log.reason(title), "src/d/b.ts added, .dockerignore changed");
    await write("src/d/b.ts")(builds.context);
    const changed = await builds.build(copy, ignoring("# nothing else\n**/a*.ts"));
    assert.strictEqual(changed.log.reason(title), "src/d/b.ts changed");
  });

  it("names its parent where only the directory it lands in is another", async () => {
    await using builds = await TestBuilds.open(layout);
    const text = "FROM base\nCOPY src /srv/";
    const [one, two] = [
      await builds.image([directory(0o755)]),
      await builds.image([directory(0o700)]),
    ];
    await builds.build(text, { images: { base: one } });
    const { log } = await builds.build(text, { images: { base: two } });
    assert.strictEqual(log.reason("[2/2] COPY src /srv/"), "parent changed at FROM base");
  });

  it('says "its layer was pruned", and "--no-cache"', async () => {
    await using builds = await TestBuilds.open(layout);
    await builds.build(copy);
    for (const id of await builds.store.snapshotter.list())
      await builds.store.snapshotter.remove(id);
    assert.strictEqual((await builds.build(copy)).log.reason(title), "its layer was pruned");
    const fresh = await builds.build(copy, { fresh: () => "--no-cache" });
    assert.strictEqual(fresh.log.reason(title), "--no-cache");
  });

  it("is compared with the same COPY where others come before it", async () => {
    await using builds = await TestBuilds.open({ ...layout, other: "" });
    await builds.build(copy);
    await write("src/app.ts")(builds.context);
    const { log } = await builds.build("FROM scratch\nCOPY other /\nRUN put a 1\nCOPY src /srv/");
    assert.strictEqual(log.reason("[3/3] COPY src /srv/"), "src/app.ts changed");
    assert.strictEqual(log.reason("[2/3] RUN put a 1"), "never built before");
  });

  it("keeps what two stages copied apart", async () => {
    await using builds = await TestBuilds.open(layout);
    const both =
      "FROM scratch AS a\nCOPY src /a/\nFROM scratch\nCOPY src /b/\nCOPY --from=a /a/d /c/";
    await builds.build(both);
    await write("src/app.ts")(builds.context);
    const { log } = await builds.build(both);
    assert.strictEqual(log.reason("[a 1/1] COPY src /a/"), "src/app.ts changed");
    assert.strictEqual(log.reason("[stage-1 1/2] COPY src /b/"), "src/app.ts changed");
    assert.strictEqual(log.outcomes["[stage-1 2/2] COPY --from=a /a/d /c/"], "cached");
  });

  it("is compared with what was copied last, although nothing was written then", async () => {
    await using builds = await TestBuilds.open(layout);
    const upon = (version: string): string => `FROM scratch\nRUN put v ${version}\nCOPY src /srv/`;
    await builds.build(upon("1"));
    const second = await builds.build(upon("2"));
    assert.strictEqual(second.log.outcomes["[2/2] COPY src /srv/"], "cached");
    await write("src/app.ts")(builds.context);
    const { log } = await builds.build(upon("2"));
    assert.strictEqual(log.reason("[2/2] COPY src /srv/"), "src/app.ts changed");
  });

  it("leaves nothing behind that prune does not remove", async () => {
    await using builds = await TestBuilds.open(layout);
    await builds.build(copy);
    const { database, layers } = builds.store;
    const kept = database.byteTable("copied-files");
    assert.lengthOf(kept.entries(), 1);
    for (const layer of layers.list()) await layers.remove(layer);
    await new StepRecords(builds.store).removeStale(Date.UTC(2030, 0));
    assert.deepStrictEqual(kept.entries(), []);
  });
});

function ignoringTree(root: string, text: string): SourceTree {
  const ignore = parseIgnore({ name: ".dockerignore", text });
  return new LocalSourceTree({ root: toBytePath(root), ignore, index: undefined });
}

function directory(mode: number): Entry {
  return { type: "directory", path: toBytePath("srv"), mode, uid: 0, gid: 0, mtime: 1 };
}
