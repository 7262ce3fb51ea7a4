import { assert } from "chai";
import { mkdir } from "node:fs/promises";
import { Board, declareStages } from "../../src/builder/board.js";
import { neverBuilt } from "../../src/cache/reason.js";
import type { BuildEvent } from "../../src/builder/event.js";
import { parsePlatform } from "../../src/oci/platform.js";
import { joinPlans } from "../../src/plan/join-plans.js";
import { planOf } from "../plan/planning.js";

const never = new AbortController().signal;

function recorded(): { readonly board: Board; readonly events: BuildEvent[] } {
  const events: BuildEvent[] = [];
  return { board: new Board((event) => events.push(event)), events };
}

describe("declareStages()", () => {
  const cases: readonly {
    readonly name: string;
    readonly text: string;
    /** Titles with the titles of their inputs. */
    readonly want: readonly (readonly [string, ...(readonly string[])])[];
  }[] = [
    {
      name: "numbers the steps of a single stage, FROM included",
      text: "FROM debian\nRUN a\nENV A=1\nRUN b",
      want: [
        ["[1/3] FROM debian"],
        ["[2/3] RUN a", "[1/3] FROM debian"],
        ["[3/3] RUN b", "[2/3] RUN a"],
      ],
    },
    {
      name: "counts no FROM scratch, nor FROM another stage",
      text: "FROM scratch AS a\nRUN a\nFROM a AS b\nRUN b",
      want: [["[a 1/1] RUN a"], ["[b 1/1] RUN b", "[a 1/1] RUN a"]],
    },
    {
      name: "names the stages where there are several",
      text: "FROM debian AS build\nRUN make\nFROM scratch\nCOPY --from=build /a /",
      want: [
        ["[build 1/2] FROM debian"],
        ["[build 2/2] RUN make", "[build 1/2] FROM debian"],
        ["[stage-1 1/1] COPY --from=build /a /", "[build 2/2] RUN make"],
      ],
    },
    {
      name: "makes a step depend on the one before and on where it copies from",
      text: "FROM debian AS a\nFROM alpine\nCOPY --from=a /a /\nCOPY --from=a /b /",
      want: [
        ["[a 1/1] FROM debian"],
        ["[stage-1 1/3] FROM alpine"],
        ["[stage-1 2/3] COPY --from=a /a /", "[stage-1 1/3] FROM alpine", "[a 1/1] FROM debian"],
        [
          "[stage-1 3/3] COPY --from=a /b /",
          "[stage-1 2/3] COPY --from=a /a /",
          "[a 1/1] FROM debian",
        ],
      ],
    },
    {
      name: "looks through a stage without steps of its own",
      text: "FROM debian AS a\nRUN a\nFROM a AS b\nENV A=1\nFROM b\nRUN c",
      want: [
        ["[a 1/2] FROM debian"],
        ["[a 2/2] RUN a", "[a 1/2] FROM debian"],
        ["[stage-2 1/1] RUN c", "[a 2/2] RUN a"],
      ],
    },
  ];
  it("M02 M04 tells platforms apart, and declares once what they have in common", () => {
    const { board, events } = recorded();
    const text =
      "FROM --platform=$BUILDPLATFORM a AS b\nRUN tools\nARG TARGETARCH\nRUN make\nFROM a\nCOPY --from=b /x /";
    const plans = (["linux/amd64", "linux/arm/v7"] as const).map((name) =>
      planOf(text, { targetPlatform: parsePlatform(name) }),
    );
    const [first, second] = plans;
    if (first === undefined || second === undefined) throw new Error("there are two plans");
    declareStages(board, { ...joinPlans([first, second]), showPlatforms: true });
    assert.deepStrictEqual(
      events.map((event) => event.type === "declared" && event.vertex.title),
      [
        "[linux/amd64 b 1/3] FROM a",
        "[linux/amd64 b 2/3] RUN tools",
        "[linux/amd64 b 3/3] RUN make",
        "[linux/amd64 stage-1 1/2] FROM a",
        "[linux/amd64 stage-1 2/2] COPY --from=b /x /",
        "[linux/amd64->arm/v7 b 3/3] RUN make",
        "[linux/arm/v7 stage-1 1/2] FROM a",
        "[linux/arm/v7 stage-1 2/2] COPY --from=b /x /",
      ],
    );
  });

  for (const { name, text, want } of cases) {
    it(name, () => {
      const { board, events } = recorded();
      declareStages(board, planOf(text));
      const titles = new Map<number, string>();
      const got: readonly unknown[] = events.map((event) => {
        if (event.type !== "declared") throw new Error(`did not expect ${event.type}`);
        titles.set(event.vertex.id, event.vertex.title);
        return [event.vertex.title, ...event.inputs.map((id) => titles.get(id))];
      });
      assert.deepEqual<unknown>(got, want);
    });
  }
});

describe("Board", () => {
  it("ends every vertex once, whatever is said later", () => {
    const { board, events } = recorded();
    const [a, b, c] = [board.declare("a"), board.declare("b"), board.declare("c")];
    board.start(a);
    board.end(b, { kind: "cached" });
    board.close();
    board.start(c);
    board.end(a, { kind: "done" });
    board.fail(b, new Error("late"));
    board.close();
    assert.deepStrictEqual(
      events.filter(({ type }) => type !== "declared"),
      [
        { type: "started", id: a },
        { type: "ended", id: b, outcome: { kind: "cached" } },
        { type: "ended", id: a, outcome: { kind: "cancelled" } },
        { type: "ended", id: c, outcome: { kind: "skipped" } },
      ],
    );
  });

  it("starts a vertex once, and says why it missed while it is open", () => {
    const { board, events } = recorded();
    const [a, b] = [board.declare("a"), board.declare("b")];
    board.start(a);
    board.miss(a, neverBuilt);
    board.start(a);
    board.end(b, { kind: "cached" });
    board.miss(b, neverBuilt);
    assert.deepStrictEqual(events.slice(2), [
      { type: "started", id: a },
      { type: "missed", id: a, reason: neverBuilt },
      { type: "ended", id: b, outcome: { kind: "cached" } },
    ]);
  });

  it("knows which vertices are open", () => {
    const { board } = recorded();
    const id = board.declare("a");
    assert.isTrue(board.isOpen(id));
    board.start(id);
    assert.isTrue(board.isOpen(id));
    board.end(id, { kind: "done" });
    assert.isFalse(board.isOpen(id));
    assert.isFalse(board.isOpen(undefined));
  });

  const ways: readonly (readonly [string, AbortSignal, object])[] = [
    ["failed with its message", never, { kind: "failed", message: "no" }],
    ["cancelled where the signal stopped it", AbortSignal.abort(), { kind: "cancelled" }],
  ];
  for (const [name, signal, outcome] of ways) {
    it(`shows work that throws as ${name}`, async () => {
      const { board, events } = recorded();
      const id = board.declare("a");
      const error = new Error("no");
      const got = await board
        .during(id, () => Promise.reject(error), signal)
        .catch((cause: unknown) => cause);
      assert.strictEqual(got, error);
      assert.deepStrictEqual(events.at(-1), { type: "ended", id, outcome } as BuildEvent);
    });
  }

  it("says in words why a system call failed", async () => {
    const { board, events } = recorded();
    const id = board.declare("a");
    const work = (): Promise<unknown> => mkdir("/proc/none/a");
    assert.instanceOf(await board.during(id, work, never).catch((cause: unknown) => cause), Error);
    const message = 'Cannot create "/proc/none/a": no such file or directory';
    assert.deepStrictEqual(events.at(-1), {
      type: "ended",
      id,
      outcome: { kind: "failed", message },
    });
  });

  it("gives the result of work that went well", async () => {
    const { board, events } = recorded();
    const id = board.declare("a");
    assert.strictEqual(await board.during(id, () => Promise.resolve(7), never), 7);
    assert.deepStrictEqual(
      events.map(({ type }) => type),
      ["declared", "started", "ended"],
    );
  });
});
