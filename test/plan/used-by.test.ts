import { assert } from "chai";
import { imagesFor, runsFor } from "../../src/plan/used-by.js";
import { planOf } from "./planning.js";

const text = `FROM a AS one
RUN first
FROM b AS two
RUN --mount=type=bind,from=c,target=/c --mount=type=cache,from=one,target=/d second
FROM two
COPY --from=d /x /
RUN third`;

describe("what a stage needs", () => {
  const plan = planOf(text);

  it("A01 are the images that it and others for it start from, copy and mount", () => {
    const names = (target: number) =>
      imagesFor(plan, target).map((index) => plan.images[index]?.reference);
    assert.sameMembers(names(2), ["a", "b", "c", "d"]);
    assert.sameMembers(names(1), ["a", "b", "c"]);
    assert.sameMembers(names(0), ["a"]);
  });

  it("A01 are the RUN steps of all of these", () => {
    const commands = (target: number) => runsFor(plan, target).map(({ argv }) => argv.at(-1));
    assert.deepStrictEqual(commands(2), ["first", "second", "third"]);
    assert.deepStrictEqual(commands(0), ["first"]);
  });
});
