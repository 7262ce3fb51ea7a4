import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BuildEvent } from "../../../src/builder/event.js";
import type { BuildsCommand } from "../../../src/cli/builds-command.js";
import { runAboutBuilds } from "../../../src/cli/commands/builds.js";
import { parseCommand } from "../../../src/cli/parse-command.js";
import { BuildError } from "../../../src/error.js";
import { digestOf, type Digest } from "../../../src/oci/digest.js";
import { BuildHistory, type HistoryPaths } from "../../../src/progress/history/build-history.js";
import { BuildRecorder } from "../../../src/progress/history/recorder.js";
import { directoryWith, temporaryDirectory } from "../../context/temporary.js";
import { failureOf } from "../../oci/build-errors.js";
import { FakeIo } from "../fake-io.js";

const temporary = temporaryDirectory();
const text = "FROM scratch AS b\nRUN one \\\n  two\nCOPY a /\nRUN three\n";
const source = { name: "Dockerfile", text };
const RECENT = 90_000;

/** A store with builds. */
class Builds {
  readonly paths: HistoryPaths;
  /** By digest. */
  readonly blobs = new Map<string, Uint8Array>();
  #count = 0;

  constructor() {
    const root = directoryWith(temporary, { work: {} });
    this.paths = {
      root,
      builds: join(root, "builds"),
      work: join(root, "work"),
    } as typeof this.paths;
  }

  /** Tells of a build of three steps, of which the first is cached where it says so. */
  build(
    first: "cached" | "done",
    fails = false,
    { context = "/src/web", manifest }: { context?: string; manifest?: string } = {},
  ): BuildRecorder {
    let now = Date.now() - RECENT + this.#count++;
    const recorder = new BuildRecorder({
      directory: this.paths.builds,
      now: () => now,
      header: {
        ...{ work: "gone", context, dockerfile: "/src/web/Dockerfile", target: "b" },
        ...{ platforms: ["linux/amd64"], flags: { "build-arg": ["A=1"], pull: true } },
      },
    });
    for (const event of eventsOf(first)) recorder.take(event);
    now += 1500;
    const outcome = fails
      ? ({ kind: "failed", message: "exit 7" } as const)
      : { kind: "done" as const };
    recorder.take({ type: "ended", id: 3, outcome });
    if (fails) recorder.finish({ status: "error", error: "Dockerfile:5: exit 7\n  5 | RUN three" });
    else {
      const result = { config: digestOf("1"), manifest, names: ["web"] };
      recorder.finish({ status: "completed", result });
    }
    return recorder;
  }

  async run(...argv: readonly string[]): Promise<string> {
    return await this.runIn(temporary, ...argv);
  }

  async runIn(cwd: string, ...argv: readonly string[]): Promise<string> {
    const io = new FakeIo({ cwd, env: { PATH: process.env["PATH"] ?? "" } });
    const command = parseCommand(argv) as BuildsCommand;
    const blobs = {
      has: (digest: string) => Promise.resolve(this.blobs.has(digest)),
      readWhole: (digest: string) => Promise.resolve(Buffer.from(this.blobs.get(digest) ?? "")),
    };
    const store = { paths: this.paths, blobs };
    assert.strictEqual(await runAboutBuilds(command, { io, store }), 0);
    return io.text;
  }

  /** Keeps a document, as a build that made it does. */
  put(document: object): { readonly digest: Digest; readonly size: number } {
    const bytes = Buffer.from(JSON.stringify(document));
    const digest = digestOf(bytes);
    this.blobs.set(digest, bytes);
    return { digest, size: bytes.byteLength };
  }
}

function eventsOf(first: "cached" | "done"): readonly BuildEvent[] {
  const declared = (id: number, title: string): BuildEvent => {
    const start = text.indexOf(title.slice(0, 7));
    const at = { source, start, end: text.indexOf("\n", text.indexOf("two", start)) };
    const whole = id === 1 ? at : { ...at, end: text.indexOf("\n", start) };
    const vertex = {
      id,
      title: `[b ${id}/3] ${title}`,
      step: { stage: "b", number: id, at: whole },
    };
    return { type: "declared", vertex, inputs: [] };
  };
  const from = { kind: "record", createdAt: Date.now() - 2 * RECENT, step: "RUN one two" } as const;
  const changes = [
    { what: "ARG A", how: "changed", before: "0", after: "1" },
    { what: "parent", how: "changed", at: "RUN one two" },
  ] as const;
  return [
    declared(1, "RUN one   two"),
    declared(2, "COPY a /"),
    declared(3, "RUN three"),
    ...(first === "cached"
      ? ([
          { type: "ended", id: 1, outcome: { kind: "cached", from: { ...from, took: 800 } } },
        ] as const)
      : ([
          {
            type: "missed",
            id: 1,
            reason: { kind: "new", text: "never built before", changes: [] },
          },
          { type: "output", id: 1, stream: "stdout", chunk: Buffer.from("said once\n") },
          { type: "ended", id: 1, outcome: { kind: "done" } },
        ] as const)),
    {
      type: "ended",
      id: 2,
      outcome: { kind: "cached", from: { kind: "content", createdAt: from.createdAt } },
    },
    { type: "started", id: 3 },
    {
      type: "missed",
      id: 3,
      reason: { kind: "changed", text: "ARG A changed from 0 to 1", changes },
    },
    { type: "output", id: 3, stream: "stderr", chunk: Buffer.from("said\n") },
  ];
}

describe("commands about builds", () => {
  it("V01 list them, the latest first", async () => {
    const builds = new Builds();
    const ids = [builds.build("done").id, builds.build("cached", true).id].reverse();
    assert.strictEqual(await builds.run("history", "builds", "-q"), `${ids.join("\n")}\n`);
    const [header = "", latest = ""] = (await builds.run("history", "ls")).split("\n");
    assert.match(header, /^BUILD ID +NAME +STATUS +CREATED AT +DURATION +CACHED$/);
    assert.match(latest, /^\w{12} +web \(b\) +Error +About a minute ago +1\.5s +2\/3$/);
    const [json = ""] = (await builds.run("history", "builds", "--format", "json")).split("\n");
    assert.deepStrictEqual(JSON.parse(json), {
      ...{ ID: ids[0], Name: "web (b)", Status: "Error", CreatedAt: "About a minute ago" },
      ...{ Duration: "1.5s", Steps: "2/3", Ref: ids[0] },
    });
  });

  it("V01 list those that every filter takes", async () => {
    const builds = new Builds();
    const clone = directoryWith(temporary, { sub: {} });
    const git = (...argv: readonly string[]) => execFileSync("git", ["-C", clone, ...argv]);
    git("init", "--quiet");
    git("remote", "add", "origin", "https://me:secret@example.com/a.git");
    const failed = builds.build("done", true).id;
    const near = builds.build("done", false, { context: join(clone, "sub") }).id;
    const far = builds.build("done", false, { context: "https://example.com/b.git#main" }).id;
    const shown = async (...argv: readonly string[]): Promise<readonly string[]> => {
      const told = await builds.runIn(clone, "history", "ls", "-q", ...argv);
      return told.split("\n").slice(0, -1);
    };
    const own = (await shown("--filter", "repository!=x")).length;
    assert.strictEqual(own, 3);
    const cases: readonly (readonly [string, readonly string[]])[] = [
      [`ref=${near}`, [near]],
      [`ref!=${near}`, [far, failed]],
      ["status=error", [failed]],
      ["status!=Error", [far, near]],
      ["status=success", [far, near]],
      ["status=running", []],
      ["duration>1s", [far, near, failed]],
      ["duration<=1.5s", [far, near, failed]],
      ["duration<1s", []],
      ["startedAt>10m", [far, near, failed]],
      ["startedAt<10m", []],
      ["completedAt>=2020-01-01T00:00:00Z", [far, near, failed]],
      ["completedAt<2020-01-01", []],
      ["repository=https://example.com/a.git", [near]],
      ["repository=https://example.com/b.git", [far]],
    ];
    for (const [filter, ids] of cases)
      assert.deepStrictEqual(await shown("--filter", filter), ids, filter);
    assert.deepStrictEqual(await shown("--filter=status=error", "--filter=duration<1s"), []);
    assert.deepStrictEqual(await shown("--local"), [near]);
    const error = await failureOf(builds.run("history", "ls", "--local"), "USAGE");
    assert.match(error.message, /^Cannot list the builds of ".*": it is in no git repository$/);
    const [, line = ""] = (await builds.run("history", "ls", "--no-trunc")).split("\n");
    assert.include(line, "https://example.com/b.git#main (b)");
  });

  const wrong = [
    ["status=good", 'Cannot use --filter status "good"'],
    ["foo=bar", 'Cannot use --filter "foo"'],
    ["status", 'Cannot use --filter "status": it takes = and !='],
    ["status>error", 'Cannot use --filter "status>error": it takes = and !='],
    ["duration=1s", 'Cannot use --filter "duration=1s": it takes <, <=, > and >='],
    ["duration>long", 'Cannot use --filter "duration>long": want a duration such as 30s'],
    [
      "startedAt>then",
      'Cannot use --filter "startedAt>then": want a duration such as 24h, or a date',
    ],
  ] as const;
  for (const [filter, message] of wrong) {
    it(`V01 take no --filter ${filter}`, () => {
      assert.throws(() => parseCommand(["history", "ls", "--filter", filter]), BuildError, message);
    });
  }

  it("V02 show what a build put beside its image", async () => {
    const builds = new Builds();
    const ociType = (what: string): string => `application/vnd.oci.image.${what}.v1+json`;
    const image = builds.put({
      schemaVersion: 2,
      mediaType: ociType("manifest"),
      config: { mediaType: ociType("config"), ...builds.put({}) },
      layers: [],
    });
    const statement = (type: string, predicate: object) => ({
      mediaType: "application/vnd.in-toto+json",
      ...builds.put({ predicateType: type, predicate }),
      annotations: { "in-toto.io/predicate-type": type },
    });
    const [spdx, slsa] = ["https://spdx.dev/Document", "https://slsa.dev/provenance/v1"];
    const sbom = statement(spdx, { files: [] });
    const attestation = builds.put({
      schemaVersion: 2,
      mediaType: ociType("manifest"),
      config: { mediaType: ociType("config"), ...builds.put({}) },
      layers: [sbom, statement(slsa, { runDetails: {} })],
    });
    const manifest = builds.put({
      schemaVersion: 2,
      mediaType: ociType("index"),
      manifests: [
        {
          mediaType: ociType("manifest"),
          ...image,
          platform: { os: "linux", architecture: "arm64" },
        },
        {
          mediaType: ociType("manifest"),
          ...attestation,
          platform: { os: "unknown", architecture: "unknown" },
          annotations: {
            "vnd.docker.reference.digest": image.digest,
            "vnd.docker.reference.type": "attestation-manifest",
          },
        },
      ],
    }).digest;
    const { id } = builds.build("done", false, { manifest });
    const report = await builds.run("history", "inspect");
    for (const line of [
      `${manifest}                 ${ociType("index")}`,
      `${image.digest}   linux/arm64   ${ociType("manifest")}`,
      `${sbom.digest}   linux/arm64   ${spdx}`,
    ])
      assert.include(report, `${line}\n`);
    const show = async (...argv: readonly string[]): Promise<unknown> =>
      JSON.parse(await builds.run("history", "inspect", "attachment", ...argv));
    assert.deepStrictEqual(await show("--type", "sbom"), { files: [] });
    assert.deepStrictEqual(await show("^0", "--type=provenance", "--platform=linux/arm64"), {
      runDetails: {},
    });
    const arm = await show("--type=provenance", "--platform=arm64");
    assert.deepStrictEqual(arm, { runDetails: {} });
    await failureOf(show("--type=sbom", "--platform=local/x"), "USAGE");
    assert.deepStrictEqual(await show(id, sbom.digest), { files: [] });
    assert.deepInclude(await show("--type", ociType("index")), { schemaVersion: 2 });
    const none = await failureOf(show("--type", "sbom", "--platform", "linux/amd64"), "USAGE");
    assert.strictEqual(
      none.message,
      `Cannot find the attachment: build "${id}" has none like that`,
    );
    await failureOf(show(), "USAGE");
    builds.blobs.clear();
    const gone = await failureOf(show("--type", "sbom"), "USAGE");
    assert.strictEqual(gone.hint, "its image is not in the store");
    assert.notInclude(await builds.run("history", "inspect"), "ATTACHMENT");
  });

  for (const word of ["export", "import", "open", "trace"]) {
    it(`V03 V04 say that ${word} is for Docker Desktop`, () => {
      assert.throws(
        () => parseCommand(["history", word, "x"]),
        BuildError,
        `Cannot use tsbuild history ${word}: it is for Docker Desktop`,
      );
    });
  }

  it("know builds whose first and last lines are longer than what is read at once", () => {
    const builds = new Builds();
    const long = "x".repeat(600_000);
    const { id } = builds.build("done", false, { context: long, manifest: long });
    const [build, ...others] = new BuildHistory(builds.paths).list();
    assert.lengthOf(others, 0);
    assert.deepInclude(build, { id, context: long, status: "completed" });
    assert.strictEqual(build?.end?.result?.manifest, long);
  });

  it("explain every step of the last build", async () => {
    const builds = new Builds();
    const { id } = builds.build("cached");
    assert.strictEqual(
      await builds.run("explain"),
      `Build ${id} of web (b), about a minute ago: Completed

[b 1/3] RUN one   two (line 2): cached
  nothing that it can see changed since RUN one two was run 3 minutes ago (0.8s)

[b 2/3] COPY a / (line 4): cached
  it would write what is in a layer that was made 3 minutes ago

[b 3/3] RUN three (line 5): run in 1.5s
  ARG A changed
    before: 0
    after:  1
  parent changed at RUN one two
`,
    );
  });

  for (const [step, title] of [
    ["3", "RUN three"],
    ["b 2", "COPY a /"],
    ["[b 2/3]", "COPY a /"],
    ["#1", "RUN one   two"],
    [":3", "RUN one   two"],
    ["Dockerfile:5", "RUN three"],
    ["run THREE", "RUN three"],
  ] as const) {
    it(`explain the step that is named ${step}`, async () => {
      const builds = new Builds();
      builds.build("cached");
      const found = JSON.parse(await builds.run("explain", step, "--format=json")) as {
        readonly steps: readonly { readonly title: string }[];
      };
      assert.deepStrictEqual(
        found.steps.map((one) => one.title.slice(8)),
        [title],
      );
    });
  }

  it("explain a step of an earlier build", async () => {
    const builds = new Builds();
    const first = builds.build("done");
    builds.build("cached");
    for (const build of ["^1", first.id]) {
      const told = await builds.run("explain", "1", "--build", build);
      assert.include(told, "RUN one   two (line 2): run in 0.0s\n  never built before\n");
    }
  });

  it("print what a step wrote, or tell which build ran it", async () => {
    const builds = new Builds();
    const { id } = builds.build("done");
    builds.build("cached");
    assert.strictEqual(await builds.run("log", "RUN three"), "said\n");
    assert.strictEqual(await builds.run("log", id, "1"), "said once\n");
    const error = await failureOf(builds.run("log", "1"), "USAGE");
    assert.strictEqual(
      error.message,
      "Cannot show the log of [b 1/3] RUN one   two: it was cached",
    );
    assert.strictEqual(error.hint, `it ran in an earlier build: tsbuild log ${id} "RUN one   two"`);
    const many = await failureOf(builds.run("log", "RUN"), "USAGE");
    assert.match(
      many.message,
      /^Cannot tell which step "RUN" is: \[b 1\/3\] RUN one   two, \[b 3\/3\]/,
    );
    const none = await failureOf(builds.run("log", "RUN four"), "USAGE");
    assert.strictEqual(none.message, 'Cannot find step "RUN four": the build has none like that');
  });

  it("V03 tell a build once more, in any form of progress", async () => {
    const builds = new Builds();
    builds.build("done", true);
    const plain = await builds.run("history", "logs");
    for (const line of ["#1 not cached: never built before", "#3 0.000 said", "#3 ERROR: exit 7"])
      assert.include(plain, line);
    assert.isTrue(plain.endsWith("Dockerfile:5: exit 7\n  5 | RUN three\n"), plain);
    const raw = await builds.run("history", "logs", "--progress=rawjson");
    assert.include(raw, Buffer.from("said\n").toString("base64"));
  });

  it("V02 show what is kept of a build", async () => {
    const builds = new Builds();
    const { id } = builds.build("cached");
    const report = await builds.run("history", "inspect");
    for (const line of [
      /^Build ID: +\w{12}$/m,
      /^Target: +b$/m,
      /^Platforms: +linux\/amd64$/m,
      /^--build-arg: +A=1$/m,
      /^--pull: +true$/m,
      /^Steps: +3 \(2 cached\)$/m,
      /^Image ID: +sha256:6b86b27/m,
      /^\[b 3\/3\] RUN three +run in 1\.5s +ARG A changed from 0 to 1$/m,
    ])
      assert.match(report, line);
    const json = JSON.parse(await builds.run("history", "inspect", id, "--format=json")) as object;
    assert.containsAllKeys(json, ["id", "startedAt", "status", "flags", "end", "steps"]);
    assert.doesNotHaveAnyKeys(json, ["files", "work"]);
  });

  it("forget builds, but none that runs", async () => {
    const builds = new Builds();
    const ids = ["done", "cached", "cached"].map((first) => builds.build(first as "cached").id);
    mkdirSync(join(builds.paths.work, "mine"));
    const header = { work: "mine", context: "/a", dockerfile: "/a/D", platforms: [], flags: {} };
    const running = new BuildRecorder({ directory: builds.paths.builds, now: Date.now, header });
    const [first = "", second = "", third = ""] = ids;
    await builds.run("history", "rm", first, second);
    assert.strictEqual(await builds.run("history", "builds", "-q"), `${running.id}\n${third}\n`);
    await builds.run("history", "rm", "--all");
    assert.strictEqual(await builds.run("history", "builds", "-q"), `${running.id}\n`);
    const error = await failureOf(builds.run("history", "rm", running.id), "USAGE");
    assert.strictEqual(error.message, `Cannot remove build "${running.id}": it is running`);
  });
});

describe("tsbuild history", () => {
  for (const word of ["builds", "inspect", "logs", "ls", "rm"]) {
    it(`takes "${word}" for an image only with its tag or behind a flag`, () => {
      const operands = word === "rm" ? ["--all"] : [];
      assert.notStrictEqual(parseCommand(["history", word, ...operands]).kind, "history");
      for (const argv of [[`${word}:latest`], ["-q", word], ["--", word]])
        assert.strictEqual(parseCommand(["history", ...argv]).kind, "history", argv.join(" "));
    });
  }

  for (const [argv, message] of [
    [["history", "rm"], "Cannot remove builds: the build is missing"],
    [["history", "rm", "--all", "a"], "Cannot remove builds: --all means every build already"],
    [["log"], "Cannot show a log: the step is missing"],
    [["log", "RUN", "make", "all"], 'Cannot show a log: did not expect "all"'],
    [["explain", "--format=yaml"], 'Cannot use --format "yaml": want text, json'],
    [["history", "logs", "a", "b"], 'Cannot show the logs: did not expect "b"'],
  ] as const) {
    it(`refuses ${argv.join(" ")}`, async () => {
      const error = await failureOf(
        Promise.resolve().then(() => parseCommand(argv)),
        "USAGE",
      );
      assert.strictEqual(error.message, message);
    });
  }
});
