import { assert } from "chai";
import { rawJson } from "../../src/progress/raw-json.js";
import {
  declared,
  ended,
  failed,
  missed,
  output,
  progress,
  Recorder,
  started,
} from "./recorder.js";

const midnight = "2026-01-01T00:00:00.000Z";
const later = "2026-01-01T00:00:01.500Z";

function statuses(recorder: Recorder): unknown[] {
  const lines = recorder.text.trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as unknown);
}

/** Digests are names: what counts is that the same vertex always has the same one. */
function withNames(value: unknown): unknown {
  const names = new Map<string, string>();
  const text = JSON.stringify(value).replace(/sha256:[0-9a-f]{64}/g, (digest) => {
    if (!names.has(digest)) names.set(digest, `digest ${names.size + 1}`);
    return names.get(digest) ?? "";
  });
  return JSON.parse(text) as unknown;
}

describe("rawJson()", () => {
  it("tells vertexes, logs and statuses as BuildKit's SolveStatus", () => {
    const recorder = new Recorder();
    const { emit, finish } = rawJson(recorder.options);
    emit(declared(1, "pull"));
    emit(declared(2, "RUN make", [1]));
    emit(ended(1, "cached"));
    emit(started(2));
    emit(missed(2, "command changed"));
    emit(output(2, "hi\n"));
    emit(progress(2, "layer", 5, 10));
    recorder.wait(1500);
    emit(progress(2, "layer", 10, 10));
    emit(failed(2, "exit code 1"));
    finish();
    const pull = { digest: "digest 1", inputs: [], name: "pull" };
    const make = { digest: "digest 2", inputs: ["digest 1"], name: "RUN make" };
    const notCached = "command changed";
    const layer = { id: "layer", vertex: "digest 2", total: 10, started: midnight };
    assert.deepStrictEqual(withNames(statuses(recorder)), [
      { vertexes: [pull] },
      { vertexes: [make] },
      { vertexes: [{ ...pull, started: midnight, completed: midnight, cached: true }] },
      { vertexes: [{ ...make, started: midnight }] },
      { vertexes: [{ ...make, started: midnight, notCached }] },
      { logs: [{ vertex: "digest 2", stream: 1, data: "aGkK", timestamp: midnight }] },
      { statuses: [{ ...layer, current: 5, timestamp: midnight }] },
      { statuses: [{ ...layer, current: 10, timestamp: later, completed: later }] },
      {
        vertexes: [
          { ...make, started: midnight, completed: later, error: "exit code 1", notCached },
        ],
      },
    ]);
  });

  it("gives warnings with their place, counting lines from 1", () => {
    const recorder = new Recorder();
    const { emit } = rawJson(recorder.options);
    const source = { name: "Dockerfile", text: "FROM a\nfrom b\n" };
    emit({ type: "warning", rule: "R", message: "m", at: { source, start: 7, end: 11 } });
    assert.deepStrictEqual(statuses(recorder), [
      {
        warnings: [
          {
            level: 1,
            short: Buffer.from("R: m").toString("base64"),
            sourceInfo: {
              filename: "Dockerfile",
              data: Buffer.from(source.text).toString("base64"),
            },
            range: [{ start: { line: 2, character: 0 }, end: { line: 2, character: 4 } }],
          },
        ],
      },
    ]);
  });
});
