import { assert } from "chai";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Board } from "../../../src/builder/board.js";
import type { BuildEvent } from "../../../src/builder/event.js";
import { nothingMade } from "../../../src/cli/build/exporting.js";
import { recorded, type Recording } from "../../../src/cli/build/recording.js";
import type { BuildCommand } from "../../../src/cli/build-command.js";
import { parseCommand } from "../../../src/cli/parse-command.js";
import { BuildError } from "../../../src/error.js";
import { BuildHistory, type HistoryPaths } from "../../../src/progress/history/build-history.js";
import { directoryWith, temporaryDirectory } from "../../context/temporary.js";
import { failureOf } from "../../oci/build-errors.js";
import { FakeIo } from "../fake-io.js";

const temporary = temporaryDirectory();

interface Scene {
  readonly paths: HistoryPaths;
  readonly recording: Recording;
  readonly events: BuildEvent[];
}

function scene(words: readonly string[], signal = new AbortController().signal): Scene {
  const root = directoryWith(temporary, { "work/mine": {} });
  const paths = { builds: join(root, "builds"), work: join(root, "work") };
  const io = new FakeIo({ cwd: "/src", env: { PASSED: "on", HUSH: "hunter2" }, signal });
  const store = { paths, work: join(paths.work, "mine") };
  const events: BuildEvent[] = [];
  const source = { name: "Dockerfile", text: "FROM scratch" };
  const input = { source, dockerfile: "/src/web/Dockerfile", context: "/src/web", scope: "" };
  return {
    paths,
    events,
    recording: {
      command: parseCommand(["build", ...words]) as BuildCommand,
      found: { kind: "local", input },
      session: { io, store } as unknown as Recording["session"],
      board: new Board((event) => events.push(event)),
    },
  };
}

describe("recorded()", () => {
  it("keeps what was asked for without any secret", async () => {
    const words = [
      "-t=web",
      "--target=b",
      "--platform=linux/arm64",
      "--build-arg=V=1",
      "--build-arg=PASSED",
      "--build-arg=NPM_TOKEN=hunter2",
      "--build-arg=REPO=https://me:hunter2@host/",
      "--build-context=lib=https://me:hunter2@host/lib.git",
      "--label=password=hunter2",
      "--secret=id=npm,env=HUSH",
      "--ssh=default",
      "--no-cache-filter=b",
      "--reproducible",
      "--provenance=mode=max,version=v0.2",
      "--sbom=generator=scan,API_TOKEN=hunter2",
      "-o=out",
      "web",
    ];
    const { paths, recording } = scene(words);
    const { record } = await recorded(recording, () => Promise.resolve(nothingMade));
    const {
      files: _files,
      end,
      startedAt: _startedAt,
      ...build
    } = new BuildHistory(paths).find(record.id);
    assert.deepStrictEqual(build, {
      ...{ id: record.id, status: "completed", work: "mine" },
      ...{ context: "/src/web", dockerfile: "/src/web/Dockerfile" },
      ...{ target: "b", platforms: ["linux/arm64"] },
      flags: {
        tag: ["web"],
        "build-arg": ["V=1", "PASSED=on", "NPM_TOKEN=****", "REPO=https://****@host/"],
        "build-context": ["lib=https://****@host/lib.git"],
        label: ["password=****"],
        "no-cache-filter": ["b"],
        reproducible: true,
        provenance: ["mode=max,version=v0.2"],
        sbom: ["generator=scan,API_TOKEN=****"],
        output: ["type=local,dest=/src/out"],
        secret: ["npm"],
        ssh: ["default"],
      },
    });
    assert.deepStrictEqual(end?.result, { names: [] });
  });

  it("sums up a build that succeeds, and no other", async () => {
    const good = scene(["."]);
    await recorded(good.recording, () => Promise.resolve(nothingMade));
    assert.deepStrictEqual(
      good.events.map(({ type }) => type),
      ["summary"],
    );
    const bad = scene(["."]);
    const failing = recorded(bad.recording, () =>
      Promise.reject(new BuildError("COPY", "Cannot copy", { hint: "do not" })),
    );
    await failureOf(failing, "COPY");
    assert.deepStrictEqual(bad.events, []);
    const { end } = new BuildHistory(bad.paths).find(undefined);
    assert.deepStrictEqual(
      [end?.status, end?.error],
      ["error", "ERROR: Cannot copy\nhint: do not"],
    );
  });

  it("keeps as canceled what the user stopped", async () => {
    const interruption = new AbortController();
    const { paths, recording } = scene(["."], interruption.signal);
    const stopped = recorded(recording, () => {
      interruption.abort(new BuildError("CANCELLED", "Cannot go on: interrupted by SIGINT"));
      return Promise.reject(interruption.signal.reason as Error);
    });
    await failureOf(stopped, "CANCELLED");
    assert.strictEqual(new BuildHistory(paths).find(undefined).status, "canceled");
  });

  it("warns where the history cannot be written, and builds all the same", async () => {
    const { paths, recording, events } = scene(["."]);
    writeFileSync(paths.builds, "");
    await recorded(recording, () => Promise.resolve(nothingMade));
    const [warning] = events.filter(({ type }) => type === "warning");
    assert.match(
      warning?.type === "warning" ? warning.message : "",
      /^the history of this build is not whole: Cannot open ".*": a part of the path is not a directory$/,
    );
  });
});
