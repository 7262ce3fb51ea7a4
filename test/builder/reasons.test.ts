import { assert } from "chai";
import { chmod, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StepRecords } from "../../src/cache/records.js";
import type { BaseImage } from "../../src/builder/engine.js";
import { parseIgnore } from "../../src/context/ignore.js";
import { LocalSourceTree } from "../../src/context/local-source-tree.js";
import type { SelectedSource, SourceTree } from "../../src/context/source-tree.js";
import { toBytePath, type Entry, type FileEntry } from "../../src/oci/changeset.js";
import { digestOf } from "../../src/oci/digest.js";
import { prune } from "../../src/store/garbage.js";
import { TestBuilds, type Given } from "./support/test-builds.js";

/** One version of a build. */
interface Version extends Given {
  readonly text?: string;
  readonly ignore?: string;
  /** Done to the context before it is built. */
  readonly change?: (context: string) => Promise<unknown>;
}

interface Case {
  readonly name: string;
  readonly first?: Version;
  readonly second: Version;
  /** Of the last step; undefined: it is a hit. */
  readonly reason: string | undefined;
  readonly between?: (builds: TestBuilds) => Promise<unknown>;
}

const copy = "FROM scratch\nCOPY src /srv/";
const make = "FROM scratch\nRUN make";
const run = (flags: string): Version => ({ text: `FROM scratch\nRUN ${flags} make` });
const arg = (value: string, name = "V"): Version => ({
  text: `FROM scratch\nARG ${name}\nRUN make`,
  buildArgs: { [name]: value },
});
const write = (name: string, text = "new") => ({
  change: (context: string) => writeFile(join(context, name), text),
});
/** The build context of another place, or behind another .dockerignore. */
const treeOf = (root: string, ignore?: string): SourceTree =>
  new LocalSourceTree({
    root: toBytePath(root),
    ignore: ignore === undefined ? undefined : parseIgnore({ name: ".dockerignore", text: ignore }),
    index: undefined,
  });

/** An image with a file that has these properties. */
function file(properties: Partial<FileEntry> = {}): readonly Entry[] {
  const bytes = Buffer.from("app");
  const metadata = { path: toBytePath("app"), mode: 0o644, uid: 0, gid: 0, mtime: 0 };
  const content = { kind: "bytes", bytes } as const;
  return [{ type: "file", ...metadata, size: bytes.byteLength, content, ...properties }];
}

const fromImage = "FROM scratch\nCOPY --from=base app /bin/";

const cases: readonly Case[] = [
  { name: "content", second: write("src/a"), reason: "src/a changed" },
  {
    name: "mode",
    second: { change: (context) => chmod(join(context, "src/a"), 0o755) },
    reason: "mode of src/a changed from 0644 to 0755",
  },
  {
    name: "rename",
    second: { change: (context) => rename(join(context, "src/a"), join(context, "src/b")) },
    reason: "src/a renamed to src/b",
  },
  { name: "added", second: write("src/b"), reason: "src/b added" },
  {
    name: "deleted",
    second: { change: (context) => rm(join(context, "src/a")) },
    reason: "src/a deleted",
  },
  {
    name: "link target",
    second: {
      change: async (context) => {
        await rm(join(context, "src/link"));
        await symlink("to b", join(context, "src/link"));
      },
    },
    reason: 'link target of src/link changed from a to "to b"',
  },
  {
    name: "ignore rule",
    first: { ignore: "nothing" },
    second: { ignore: "src/a" },
    reason: "src/a deleted, .dockerignore changed",
  },
  {
    name: "ARG value",
    first: arg("1"),
    second: arg("2"),
    reason: "ARG V changed from 1 to 2",
  },
  {
    name: "a secret in an ARG",
    first: arg("hunter1", "API_TOKEN"),
    second: arg("hunter2", "API_TOKEN"),
    reason: "ARG API_TOKEN changed",
  },
  {
    name: "ARG order",
    first: { text: "FROM scratch\nARG A=1\nARG B=2\nRUN make" },
    second: { text: "FROM scratch\nARG B=2\nARG A=1\nRUN make" },
    reason: 'order of ARG and ENV changed from "PATH A B" to "PATH B A"',
  },
  {
    name: "ENV",
    first: { text: "FROM scratch\nENV MODE=dev\nRUN make" },
    second: { text: "FROM scratch\nENV MODE=prod\nRUN make" },
    reason: "ENV MODE changed from dev to prod",
  },
  {
    name: "label above",
    first: { text: "FROM scratch\nLABEL a=1\nRUN make" },
    second: { text: "FROM scratch\nLABEL a=2\nRUN make" },
    reason: undefined,
  },
  {
    name: "platform",
    first: { text: "FROM base\nRUN make", platforms: ["linux/amd64"] },
    second: { text: "FROM base\nRUN make", platforms: ["linux/arm64"] },
    reason: "platform changed from linux/amd64 to linux/arm64",
  },
  {
    name: "bind mount",
    first: run("--mount=source=src,target=/m"),
    second: { ...run("--mount=source=src,target=/m"), ...write("src/a") },
    reason: "content of bind mount /m changed",
  },
  {
    name: "access of a bind mount",
    first: run("--mount=source=src,target=/m"),
    second: run("--mount=source=src,target=/m,rw"),
    reason: "access of bind mount /m changed from ro to rw",
  },
  {
    name: "cache mount",
    first: run("--mount=type=cache,target=/m"),
    second: run("--mount=type=cache,target=/m,ro"),
    reason: "cache mount /m changed from rw to ro",
  },
  {
    name: "tmpfs mount",
    first: run("--mount=type=tmpfs,target=/m"),
    second: run("--mount=type=tmpfs,target=/m,size=1k"),
    reason: 'tmpfs mount /m changed from rw to "rw,size=1024"',
  },
  {
    name: "secret mount",
    first: run("--mount=type=secret,id=s"),
    second: run("--mount=type=secret,id=s,uid=7"),
    reason: "secret mount s changed",
  },
  {
    name: "ssh mount",
    first: run(""),
    second: run("--mount=type=ssh"),
    reason: "ENV SSH_AUTH_SOCK added (****), ssh mount default added",
  },
  {
    name: "heredoc body",
    first: { text: "FROM scratch\nRUN <<EOF cat\none\nEOF\n" },
    second: { text: "FROM scratch\nRUN <<EOF cat\ntwo\nEOF\n" },
    reason: "heredoc EOF changed",
  },
  {
    name: "script",
    first: { text: "FROM scratch\nRUN <<END\n#!/bin/a\nEND\n" },
    second: { text: "FROM scratch\nRUN <<END\n#!/bin/b\nEND\n" },
    reason: "heredoc END changed",
  },
  {
    name: "shell",
    first: { text: 'FROM scratch\nSHELL ["/bin/sh", "-c"]\nRUN make' },
    second: { text: 'FROM scratch\nSHELL ["/bin/bash", "-c"]\nRUN make' },
    reason: 'shell changed from "/bin/sh -c" to "/bin/bash -c"',
  },
  {
    name: "command",
    first: { text: make },
    second: run("--network=default all"),
    reason: 'command changed from make to "all make"',
  },
  {
    name: "user",
    first: { text: make },
    second: { text: "FROM scratch\nUSER 7\nRUN make" },
    reason: "user changed from root to 7",
  },
  {
    name: "network",
    first: run(""),
    second: run("--network=none"),
    reason: "network changed from default to none",
  },
  {
    name: "security",
    first: run(""),
    second: run("--security=insecure"),
    reason: "security changed from sandbox to insecure",
  },
  {
    name: "flag",
    second: { text: "FROM scratch\nCOPY --chown=7:8 src /srv/" },
    reason: "--chown added (7:8)",
  },
  {
    name: "destination",
    second: { text: "FROM scratch\nCOPY src /opt/" },
    reason: "destination changed from /srv/ to /opt/",
  },
  {
    name: "parent rebuilt",
    first: { text: "FROM scratch\nCOPY src /src/\nRUN one\nRUN make" },
    second: { text: "FROM scratch\nCOPY src /src/\nRUN one\nRUN make", ...write("src/a") },
    reason: "parent changed at COPY src /src/",
  },
  {
    name: "step added above",
    first: { text: "FROM scratch\nRUN put a 1\nRUN make" },
    second: { text: "FROM scratch\nRUN put b 1\nRUN put a 1\nRUN make" },
    reason: "parent changed at RUN put b 1",
  },
  {
    name: "step removed above",
    first: { text: "FROM scratch\nRUN put b 1\nRUN make" },
    second: { text: make },
    reason: "parent removed at RUN put b 1",
  },
  {
    name: "copied from another state",
    first: { text: "FROM scratch AS a\nRUN put app 1\nFROM scratch\nCOPY --from=a app /bin/" },
    second: { text: "FROM scratch AS a\nRUN put app 2\nFROM scratch\nCOPY --from=a app /bin/" },
    reason: "app changed, --from changed at RUN put app 2",
  },
  {
    name: "record pruned",
    first: { text: make },
    second: { text: make },
    between: async ({ store }) => {
      await prune(store);
      await new StepRecords(store).removeStale(Date.UTC(2026, 0, 2));
    },
    reason: "its layer was pruned",
  },
  {
    name: "--no-cache",
    first: { text: make },
    second: { text: make, fresh: () => "--no-cache" },
    reason: "--no-cache",
  },
  {
    name: "--no-cache-filter",
    second: { fresh: () => "--no-cache-filter" },
    reason: "--no-cache-filter",
  },
  {
    name: "WORKDIR",
    first: { text: "FROM scratch\nWORKDIR /a" },
    second: { text: "FROM scratch\nWORKDIR /b" },
    reason: "directory changed from /a to /b",
  },
  {
    name: "owner of a WORKDIR",
    first: { text: "FROM scratch\nWORKDIR /a" },
    second: { text: "FROM scratch\nUSER 7\nWORKDIR /a" },
    reason: "user changed from root to 7",
  },
  {
    name: "working directory",
    first: { text: "FROM base\nRUN make" },
    second: { text: "FROM base\nWORKDIR /w\nRUN make" },
    reason: "working directory changed from / to /w, parent changed at WORKDIR /w",
  },
  {
    name: "mode that --chmod replaces",
    first: { text: "FROM scratch\nCOPY --chmod=644 src/a /" },
    second: {
      text: "FROM scratch\nCOPY --chmod=644 src/a /",
      change: (context) => chmod(join(context, "src/a"), 0o755),
    },
    reason: undefined,
  },
  {
    name: "mtime",
    second: { change: (context) => utimes(join(context, "src/a"), 1, 1) },
    reason: undefined,
  },
];

describe("the reason of a step that changed in", () => {
  for (const { name, first = {}, second, reason, between } of cases) {
    it(`${name}: ${reason ?? "a hit"}`, async () => {
      await using builds = await TestBuilds.open({
        "src/a": "a",
        "src/link": { symlink: "a" },
      });
      const amd64 = await builds.image([]);
      const arm64 = await builds.image(file());
      const buildOnce = async ({ text = copy, change, ignore, ...given }: Version) => {
        await change?.(builds.context);
        const base = given.platforms?.[0] === "linux/arm64" ? arm64 : amd64;
        const context = (tree: SourceTree): SourceTree =>
          ignore === undefined ? tree : treeOf(builds.context, ignore);
        return await builds.build(text, { images: { base }, context, ...given });
      };
      await buildOnce(first);
      await between?.(builds);
      const { log } = await buildOnce({ ...first, ...second });
      const title = Object.keys(log.outcomes).at(-1) ?? "";
      if (reason === undefined) assert.strictEqual(log.outcomes[title], "cached");
      else assert.strictEqual(log.reason(title), reason);
    });
  }

  it("xattr: attributes of app changed", async () => {
    await using builds = await TestBuilds.open();
    const images = async (entries: readonly Entry[]) => ({ base: await builds.image(entries) });
    await builds.build(fromImage, { images: await images(file()) });
    const xattrs = new Map([["user.a", Buffer.from("1")]]);
    const { log } = await builds.build(fromImage, { images: await images(file({ xattrs })) });
    const reason = "attributes of app changed, --from changed at FROM base";
    assert.strictEqual(log.reason("[1/1] COPY --from=base app /bin/"), reason);
  });

  for (const [text, outcome] of [
    [copy, "done"],
    ["FROM scratch\nCOPY --chown=3 src /srv/", "cached"],
  ] as const) {
    it(`owner, of what ${text.slice(13)} copies: ${outcome}`, async () => {
      await using builds = await TestBuilds.open({ "src/a": "a" });
      await builds.build(text);
      const context = (tree: SourceTree): SourceTree => ({
        ignore: undefined,
        select: async (pattern) => (await tree.select(pattern)).map(ownedBySeven),
      });
      const { log } = await builds.build(text, { context });
      const [title = ""] = Object.keys(log.outcomes);
      assert.strictEqual(log.outcomes[title], outcome);
      if (outcome === "done")
        assert.strictEqual(log.reason(title), "owner of src/a changed from 0:0 to 7:0");
    });
  }

  it("base digest: both digests", async () => {
    await using builds = await TestBuilds.open();
    const version = async (text: string): Promise<BaseImage> => ({
      ...(await builds.image(file({ uid: text.length }))),
      digest: digestOf(text),
    });
    const [one, two] = [await version("1"), await version("22")];
    const text = "FROM base\nRUN one\nRUN make";
    await builds.build(text, { images: { base: one } });
    const { log } = await builds.build(text, { images: { base: two } });
    for (const title of ["[2/3] RUN one", "[3/3] RUN make"]) {
      const digests = [one, two].map(({ digest = "" }) => digest.slice(0, 19)).join(" to ");
      assert.strictEqual(log.reason(title), `parent changed at FROM base (${digests})`);
    }
  });

  it("umask: a hit", async () => {
    await using builds = await TestBuilds.open({ "src/a": "a" });
    const text = "FROM scratch\nCOPY src /made/here/\nCOPY <<E /text\n1\nE\nWORKDIR /w";
    await builds.build(text);
    const umask = process.umask(0o077);
    try {
      const { log } = await builds.build(text);
      assert.deepStrictEqual([...new Set(Object.values(log.outcomes))], ["cached"]);
    } finally {
      process.umask(umask);
    }
  });

  it("checkout path: a hit", async () => {
    await using builds = await TestBuilds.open({ "src/a": "a", "../other/src/a": "a" });
    await builds.build(copy);
    const context = () => treeOf(join(builds.context, "../other"));
    const { log } = await builds.build(copy, { context });
    assert.strictEqual(log.outcomes["[1/1] COPY src /srv/"], "cached");
  });
});

function ownedBySeven({ entries, ...rest }: SelectedSource): SelectedSource {
  const owned = (entry: Entry): Entry => ("uid" in entry ? { ...entry, uid: 7 } : entry);
  return { ...rest, entries: [...entries].map(owned) };
}
