import { assert } from "chai";
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { BuildEvent, Outcome } from "../../../src/builder/event.js";
import { neverBuilt } from "../../../src/cache/reason.js";
import { listBuilds } from "../../../src/progress/history/build-files.js";
import { BuildHistory } from "../../../src/progress/history/build-history.js";
import type { BuildHeader } from "../../../src/progress/history/journal.js";
import { BuildRecorder } from "../../../src/progress/history/recorder.js";
import { replay } from "../../../src/progress/history/replay.js";
import type { StepReport } from "../../../src/progress/history/step-report.js";
import { directoryWith, temporaryDirectory } from "../../context/temporary.js";
import { failureOf } from "../../oci/build-errors.js";

const temporary = temporaryDirectory();
const HOUR = 3_600_000;
const source = { name: "Dockerfile", text: "FROM scratch\nRUN a\nRUN b\n" };
const position = { stage: "s", number: 1 };
const from = { kind: "record", createdAt: 5, step: "RUN a", took: 1500 } as const;
const hit: Outcome = { kind: "cached", from };

/** A store of which one process lives, at a time that the test sets. */
class Kept {
  readonly #store = directoryWith(temporary, { work: {} });
  readonly paths = { builds: join(this.#store, "builds"), work: join(this.#store, "work") };
  readonly history = new BuildHistory(this.paths);
  now = 1_700_000_000_000;

  start(header: Partial<BuildHeader> = {}): BuildRecorder {
    return new BuildRecorder({
      directory: this.paths.builds,
      now: () => this.now,
      header: {
        ...{ work: "gone", context: "/src", dockerfile: "/src/Dockerfile" },
        ...{ platforms: [], flags: {} },
        ...header,
      },
    });
  }

  /** Declares two steps; the first is cached, the second runs for two seconds. */
  tell(recorder: BuildRecorder, ended: Outcome = { kind: "done" }): readonly BuildEvent[] {
    const events: BuildEvent[] = [
      { type: "declared", vertex: declared(1, "RUN a", 13), inputs: [] },
      { type: "declared", vertex: declared(2, "RUN b", 19), inputs: [1] },
      { type: "ended", id: 1, outcome: hit },
      { type: "started", id: 2 },
      { type: "missed", id: 2, reason: neverBuilt },
      { type: "output", id: 2, stream: "stdout", chunk: Buffer.from("one\n") },
      { type: "output", id: 2, stream: "stderr", chunk: Buffer.from([0xff, 0x0a]) },
      { type: "traffic", written: 7, sent: 0 },
    ];
    for (const event of events) recorder.take(event);
    this.now += 2000;
    recorder.take({ type: "ended", id: 2, outcome: ended });
    return events;
  }
}

function declared(id: number, title: string, start: number) {
  return { id, title, step: { ...position, at: { source, start, end: start + 5 } } };
}

function openFiles(): readonly string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // the one of the listing itself
    }
  });
}

describe("BuildRecorder", () => {
  it("keeps a build with its steps, what they came to, and what it made", () => {
    const kept = new Kept();
    const recorder = kept.start({ target: "s" });
    kept.tell(recorder);
    recorder.finish({ status: "completed", result: { config: "sha256:1", names: ["web"] } });
    const build = kept.history.find(undefined);
    assert.deepInclude(build, { id: recorder.id, status: "completed", target: "s" });
    const totals = { ms: 2000, cached: 1, run: 1, savedMs: 1500, written: 7, sent: 0 };
    assert.deepStrictEqual(build.end?.totals, totals);
    assert.deepStrictEqual(build.end?.result, { config: "sha256:1", names: ["web"] });
    const steps: readonly StepReport[] = [
      {
        ...{ id: 1, title: "RUN a", ...position, line: 2, lastLine: 2, outcome: "cached", ms: 0 },
        from,
      },
      {
        ...{ id: 2, title: "RUN b", ...position, line: 3, lastLine: 3, outcome: "done", ms: 2000 },
        ...{ started: 0, reason: neverBuilt },
      },
    ];
    assert.deepStrictEqual(kept.history.steps(build), steps);
    assert.deepStrictEqual(recorder.steps, steps, "the same without reading it");
  });

  it("keeps what steps wrote to the last byte, and tells it all again", () => {
    const kept = new Kept();
    const recorder = kept.start();
    const events = kept.tell(recorder);
    recorder.take({
      ...{ type: "warning", rule: "Rule", message: "bad" },
      at: { source, start: 13, end: 14 },
    });
    recorder.finish({ status: "completed" });
    const build = kept.history.find(recorder.id);
    const told = [...replay(kept.history.journal(build), kept.history.log(build))];
    const chunks = told.flatMap(({ event }) => (event.type === "output" ? [event.chunk] : []));
    assert.deepStrictEqual(chunks.map(String), ["one\n", "\ufffd\n"]);
    assert.deepStrictEqual(Buffer.concat(chunks), Buffer.from("one\n\xff\n", "latin1"));
    const types = [...events.map(({ type }) => type), "ended", "warning"];
    assert.deepStrictEqual(
      told.map(({ event }) => event.type),
      types,
    );
    assert.deepStrictEqual(told.at(-1)?.event, {
      ...{ type: "warning", rule: undefined, at: undefined },
      message: "Rule: bad (Dockerfile:2)",
    });
  });

  it("tells of each step once where the build started again", () => {
    const kept = new Kept();
    const recorder = kept.start();
    recorder.take({ type: "declared", vertex: declared(1, "RUN a", 13), inputs: [] });
    recorder.take({ type: "ended", id: 1, outcome: hit });
    recorder.take({ type: "declared", vertex: declared(2, "RUN a", 13), inputs: [] });
    recorder.take({ type: "ended", id: 2, outcome: { kind: "done" } });
    const told = recorder.steps.map(({ id, outcome }) => [id, outcome]);
    assert.deepStrictEqual(told, [[2, "done"]]);
  });

  it("writes twice for a build that finds everything, and no log", () => {
    const kept = new Kept();
    const recorder = kept.start();
    const [one] = listBuilds(kept.paths.builds);
    const size = (): number => statSync(one?.files.journal ?? "").size;
    const before = size();
    for (const id of [1, 2, 3]) {
      recorder.take({ type: "declared", vertex: declared(id, "RUN a", 13), inputs: [] });
      recorder.take({ type: "ended", id, outcome: hit });
    }
    assert.strictEqual(size(), before);
    recorder.finish({ status: "completed" });
    assert.isAbove(size(), before);
    assert.isUndefined(kept.history.log(kept.history.find(recorder.id)));
  });

  it("says of a killed build that it was interrupted, and what it had done", () => {
    const kept = new Kept();
    kept.tell(kept.start(), { kind: "cancelled" });
    const [one] = listBuilds(kept.paths.builds);
    const { journal = "" } = one?.files ?? {};
    appendFileSync(journal, '{"ms":3,"event":{"type":"en'); // cut off within a write
    const build = kept.history.find(undefined);
    assert.strictEqual(build.status, "interrupted");
    assert.deepStrictEqual(
      kept.history.steps(build).map(({ outcome }) => outcome),
      ["cached", "cancelled"],
    );
  });

  it("says that a build runs as long as its process has its work directory", async () => {
    const kept = new Kept();
    const ended = kept.start();
    ended.finish({ status: "error", error: "Dockerfile:2: no" });
    kept.now += 1;
    mkdirSync(join(kept.paths.work, "mine"));
    const running = kept.start({ work: "mine" });
    assert.strictEqual(kept.history.find(running.id).status, "running");
    assert.strictEqual(kept.history.find(undefined).id, ended.id, "the last is one that ended");
    const removing = (): void => {
      kept.history.remove(kept.history.find(running.id));
    };
    const error = await failureOf(Promise.resolve().then(removing), "USAGE");
    assert.strictEqual(error.message, `Cannot remove build "${running.id}": it is running`);
  });

  it("V05 forgets a build that is neither among the last 50 nor of the last two days", () => {
    const kept = new Kept();
    const started: number[] = [];
    const build = (): void => {
      started.unshift(kept.now);
      kept.start().finish({ status: "completed" });
    };
    const listed = (): readonly number[] => kept.history.list().map(({ startedAt }) => startedAt);
    for (let i = 0; i < 52; i++) {
      kept.now += 1000;
      build();
    }
    assert.deepStrictEqual(listed(), started);
    for (const hours of [49, 1000]) {
      kept.now += hours * HOUR;
      build();
      assert.deepStrictEqual(listed(), started.slice(0, 50), "the latest stay");
    }
  });

  it("goes without where it cannot write, and tells why", () => {
    const kept = new Kept();
    writeFileSync(kept.paths.builds, "no directory");
    const recorder = kept.start();
    kept.tell(recorder);
    recorder.finish({ status: "completed" });
    assert.instanceOf(recorder.failure, Error);
    assert.strictEqual(recorder.totals().run, 1);
  });

  it("leaves no file open where it could not write all", () => {
    const kept = new Kept();
    const recorder = kept.start();
    const [one] = listBuilds(kept.paths.builds);
    mkdirSync(one?.files.log ?? ""); // so that the log cannot be written
    kept.tell(recorder);
    assert.include(openFiles(), one?.files.journal);
    recorder.finish({ status: "completed" });
    assert.instanceOf(recorder.failure, Error);
    assert.notInclude(openFiles(), one?.files.journal);
  });
});

describe("BuildHistory", () => {
  it("finds a build by its id, by the beginning of that, and by how many came after it", async () => {
    const kept = new Kept();
    const ids = [0, 1, 2].map(() => {
      kept.now += 1000;
      const recorder = kept.start();
      recorder.finish({ status: "completed" });
      return recorder.id;
    });
    const find = (reference?: string): string => kept.history.find(reference).id;
    const [oldest = "", middle = "", latest = ""] = ids;
    assert.deepStrictEqual(
      [find(), find("^0"), find("^1"), find("^2")],
      [...[latest, latest, middle, oldest]],
    );
    assert.strictEqual(find(middle.slice(0, 8)), middle);
    for (const reference of ["^3", "none", `${latest}x`]) {
      const error = await failureOf(
        Promise.resolve().then(() => find(reference)),
        "USAGE",
      );
      assert.strictEqual(error.message, `Cannot find build "${reference}": no such build is kept`);
    }
  });

  it("does not guess which of two builds is meant, nor find one where none is", async () => {
    const kept = new Kept();
    const none = await failureOf(
      Promise.resolve().then(() => kept.history.find(undefined)),
      "USAGE",
    );
    assert.strictEqual(none.message, "Cannot find the last build: none is kept");
    const { id } = kept.start();
    const twin = `${id.slice(0, 11)}${id.endsWith("a") ? "b" : "a"}`;
    const journal = listBuilds(kept.paths.builds)[0]?.files.journal ?? "";
    const text = readFileSync(journal, "utf8").replace(id, twin);
    writeFileSync(journal.replace(id, twin), text);
    const two = await failureOf(
      Promise.resolve().then(() => kept.history.find(id.slice(0, 11))),
      "USAGE",
    );
    assert.match(two.message, /^Cannot tell which build "\w{11}" is: 2 ids begin like that$/);
    assert.strictEqual(kept.history.find(twin).id, twin);
  });
});
