import { assert } from "chai";
import { oneFile } from "../store/fixture.js";
import { TestBuilds } from "./support/test-builds.js";

const platforms = ["linux/amd64", "linux/arm64"] as const;

const cross = `FROM --platform=$BUILDPLATFORM scratch AS build
RUN tools
ARG TARGETARCH
RUN make
FROM base
RUN install
COPY --from=build . /`;

describe("build() for several platforms", () => {
  it("M01 M02 does what they have in common once, even uncached, and gives an image of each", async () => {
    await using builds = await TestBuilds.open();
    const base = await builds.image(oneFile("base"));
    const given = { platforms, images: { base }, fresh: () => "--no-cache" as const };
    for (const round of ["first", "again"]) {
      const { all, executor } = builds.start(cross, given);
      const images = await all;
      assert.deepStrictEqual(
        images.map(({ config }) => config.architecture),
        ["amd64", "arm64"],
      );
      assert.strictEqual(executor.count("tools"), 1, round);
      assert.strictEqual(executor.count("make"), 2, round);
      assert.strictEqual(executor.count("install"), 2, round);
    }
  });

  it("M01 finds all of it in the cache, each platform its own", async () => {
    await using builds = await TestBuilds.open();
    const base = await builds.image(oneFile("base"));
    await builds.start(cross, { platforms, images: { base } }).all;
    const again = builds.start(cross, { platforms, images: { base } });
    const [amd64] = await again.all;
    assert.deepStrictEqual(again.executor.commands, []);
    const alone = await builds.build(cross, { images: { base } });
    assert.deepStrictEqual(alone.executor.commands, []);
    assert.deepStrictEqual(alone.config.rootfs, amd64?.config.rootfs);
  });

  it("M05 runs a step again for another platform, though every file is the same", async () => {
    await using builds = await TestBuilds.open();
    const base = await builds.image(oneFile("base"));
    const text = "FROM base\nRUN uname -m";
    const commands = async (...given: readonly string[]): Promise<readonly string[]> => {
      const { executor } = await builds.build(text, { platforms: given, images: { base } });
      return executor.commands;
    };
    assert.deepStrictEqual(await commands("linux/amd64"), ["uname -m"]);
    assert.deepStrictEqual(await commands("linux/386"), ["uname -m"]);
    assert.deepStrictEqual(await commands("linux/amd64"), []);
    assert.deepStrictEqual(await commands("linux/386"), []);
  });
});
