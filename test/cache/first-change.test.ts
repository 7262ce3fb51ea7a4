import { assert } from "chai";
import { firstChange, type Ancestry } from "../../src/cache/first-change.js";
import type { StateKey } from "../../src/cache/key.js";
import type { Change } from "../../src/cache/reason.js";

const base = { title: "FROM a", digest: "sha256:1", platform: "linux/amd64" };

/** "base A B" is a state of two steps; what is written in lower case is the same step with another result. */
function chain(text: string, origin: object = base): Ancestry {
  const [bottom = "", ...steps] = text.split(" ");
  let key = bottom as StateKey;
  const states = [{ key, ...base, ...origin }];
  for (const step of steps) {
    const parent = key;
    key = `${key} ${step}` as StateKey;
    states.unshift({ key, title: `RUN ${step.toUpperCase()}`, parent } as never);
  }
  return states;
}

const parent = { what: "parent", how: "changed" } as const;
const cases: readonly {
  readonly name: string;
  readonly before: Ancestry;
  readonly now: Ancestry;
  readonly want: Change;
}[] = [
  {
    name: "the step that gave something else, not those above it",
    before: chain("base A B C"),
    now: chain("base A b C"),
    want: { ...parent, at: "RUN B" },
  },
  {
    name: "a step that was edited, with what it was",
    before: chain("base A B C"),
    now: chain("base A X C"),
    want: { ...parent, at: "RUN X", before: "RUN B", after: "RUN X" },
  },
  {
    name: "a step that was added below all others",
    before: chain("base A B"),
    now: chain("base X Y A B"),
    want: { ...parent, at: "RUN X", before: "RUN A", after: "RUN X" },
  },
  {
    name: "a step that was added on top",
    before: chain("base A"),
    now: chain("base A X"),
    want: { ...parent, at: "RUN X" },
  },
  {
    name: "a step that was removed on top",
    before: chain("base A B"),
    now: chain("base A"),
    want: { what: "parent", how: "removed", at: "RUN B" },
  },
  {
    name: "an image with both digests",
    before: chain("base A B"),
    now: chain("other A B", { digest: "sha256:2" }),
    want: { ...parent, at: "FROM a", before: "sha256:1", after: "sha256:2" },
  },
  {
    name: "another image by its name where no digest is known",
    before: chain("base A", { digest: undefined }),
    now: chain("other A", { title: "FROM b" }),
    want: { ...parent, at: "FROM b", before: "FROM a", after: "FROM b" },
  },
  {
    name: "another platform",
    before: chain("base A"),
    now: chain("other A", { digest: "sha256:2", platform: "linux/arm64" }),
    want: { what: "platform", how: "changed", before: "linux/amd64", after: "linux/arm64" },
  },
  {
    name: "no step where nothing is known of the earlier run",
    before: [],
    now: chain("base A"),
    want: parent,
  },
];

describe("firstChange()", () => {
  for (const { name, before, now, want } of cases) {
    it(`names ${name}`, () => {
      assert.deepStrictEqual(firstChange(now, before), want);
    });
  }
});
