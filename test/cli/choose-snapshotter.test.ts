import { assert } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseSnapshotter } from "../../src/cli/choose-snapshotter.js";
import { failureOf } from "../oci/build-errors.js";

describe("chooseSnapshotter()", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tsbuild-choose-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** A machine on which EROFS works, or not. */
  function site(erofs: boolean, userNamespace = false) {
    const [layers, work] = [join(folder, "layers"), join(folder, "work")];
    const remember = () => Promise.resolve(erofs);
    return { layers, work, userNamespace, remember, changesInMemory: undefined };
  }

  const choices = [
    { named: undefined, erofs: true, userNamespace: false, chosen: "erofs" },
    { named: undefined, erofs: false, userNamespace: false, chosen: "directory" },
    { named: undefined, erofs: true, userNamespace: true, chosen: "directory" },
    { named: "directory", erofs: true, userNamespace: false, chosen: "directory" },
    { named: "erofs", erofs: true, userNamespace: false, chosen: "erofs" },
  ];
  for (const { named, erofs, userNamespace, chosen } of choices) {
    const who = userNamespace ? "an ordinary user" : "root";
    const where = erofs ? "with" : "without";
    it(`opens "${chosen}" for ${who} ${where} EROFS who asks for "${named ?? "nothing"}"`, async () => {
      const snapshotter = await chooseSnapshotter(named, site(erofs, userNamespace));
      assert.strictEqual(snapshotter.name, chosen);
    });
  }

  it("asks again with another kernel, by the name of the question", async () => {
    const questions: string[] = [];
    const remember = (question: string): Promise<boolean> => {
      questions.push(question);
      return Promise.resolve(false);
    };
    await chooseSnapshotter(undefined, { ...site(true), remember });
    assert.match(questions.join(), /^erofs on Linux [0-9]+\.[0-9]+/);
  });

  it("says why it cannot open what was asked for", async () => {
    const nobody = await failureOf(chooseSnapshotter("zfs", site(true)), "USAGE");
    assert.include(nobody.message, 'Cannot use TSBUILD_SNAPSHOTTER "zfs"');
    const user = await failureOf(chooseSnapshotter("erofs", site(true, true)), "UNSUPPORTED");
    assert.include(user.message, "only root can mount EROFS files");
    const old = await failureOf(chooseSnapshotter("erofs", site(false)), "UNSUPPORTED");
    assert.include(old.hint, "Linux 6.12");
  });
});
