import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Building } from "../../../src/cli/build/engine.js";
import { gitLabels, readVcs } from "../../../src/cli/build/vcs.js";
import { directoryWith, temporaryDirectory } from "../../context/temporary.js";
import { FakeIo } from "../fake-io.js";

const temporary = temporaryDirectory();

describe("what git says of a context", () => {
  let top: string;
  let revision: string;
  const git = (...argv: readonly string[]): string =>
    execFileSync("git", ["-C", top, ...argv], { encoding: "utf8" }).trim();
  const asked = (context: string, env: Readonly<Record<string, string>> = {}) => {
    const io = new FakeIo({ env: { PATH: process.env["PATH"] ?? "", ...env } });
    const input = { context, dockerfile: join(top, "docker/web.Dockerfile") };
    return { input, session: { io } } as unknown as Building;
  };

  before(() => {
    top = directoryWith(temporary, { "app/f": "1", "docker/web.Dockerfile": "FROM scratch" });
    git("init", "--quiet");
    git("remote", "add", "origin", "https://me:secret@example.com/a.git");
    git("add", ".");
    git("-c", "user.name=a", "-c", "user.email=b", "commit", "--quiet", "-m", "c");
    revision = git("rev-parse", "HEAD");
  });

  it("A04 is its commit, its remote, and where it is in there", async () => {
    assert.deepStrictEqual(await readVcs(asked(join(top, "app"))), {
      "localdir:context": "app",
      "localdir:dockerfile": "docker",
      revision,
      source: "https://example.com/a.git",
    });
    assert.strictEqual((await readVcs(asked(top)))?.["localdir:context"], ".");
  });

  it("A04 is nothing where it is not asked for, or there is no repository", async () => {
    assert.isUndefined(await readVcs(asked(top, { BUILDX_GIT_INFO: "0" })));
    assert.isUndefined(await readVcs(asked(temporary)));
    assert.strictEqual((await gitLabels(asked(temporary, { BUILDX_GIT_LABELS: "1" }))).size, 0);
  });

  for (const [value, want] of [
    ["1", 3],
    ["full", 3],
    ["0", 0],
    ["", 0],
  ] as const) {
    it(`A04 are ${want} labels with BUILDX_GIT_LABELS=${value}`, async () => {
      const labels = await gitLabels(
        asked(top, { BUILDX_GIT_LABELS: value, BUILDX_GIT_INFO: "0" }),
      );
      const all = {
        "com.docker.image.source.entrypoint": "docker/web.Dockerfile",
        "org.opencontainers.image.revision": revision,
        "org.opencontainers.image.source": "https://example.com/a.git",
      };
      assert.deepStrictEqual<object>(Object.fromEntries(labels), want === 0 ? {} : all);
    });
  }

  it("A04 says that files differ from the commit, when that is to be checked", async () => {
    const check = { BUILDX_GIT_CHECK_DIRTY: "1" };
    assert.strictEqual((await readVcs(asked(top, check)))?.revision, revision);
    writeFileSync(join(top, "app/f"), "2");
    assert.strictEqual((await readVcs(asked(top)))?.revision, revision);
    assert.strictEqual((await readVcs(asked(top, check)))?.revision, `${revision}-dirty`);
  });
});
