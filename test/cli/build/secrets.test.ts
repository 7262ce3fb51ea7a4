import { assert } from "chai";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSecrets } from "../../../src/cli/build/secrets.js";
import { failureOf } from "../../oci/build-errors.js";

describe("openSecrets()", () => {
  let cwd: string;

  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), "tsbuild-secrets-"));
    await writeFile(join(cwd, "file"), "from the file");
    await writeFile(join(cwd, "named"), "by its id");
    await symlink("loop", join(cwd, "loop"));
    await writeFile(join(cwd, "large"), Buffer.alloc(500 * 1024 + 1));
  });
  after(async () => rm(cwd, { recursive: true }));

  const env = { VAR: "from the variable", both: "variable" };
  const cases = [
    [{ id: "a", file: "file", env: undefined }, "from the file"],
    [{ id: "a", file: undefined, env: "VAR" }, "from the variable"],
    [{ id: "a", file: undefined, env: "NONE" }, ""],
    [{ id: "named", file: undefined, env: undefined }, "by its id"],
    [{ id: "both", file: undefined, env: undefined }, "variable"],
    [{ id: "a", file: "file", env: "VAR" }, "from the file"],
  ] as const;
  for (const [spec, want] of cases) {
    it(`F28 reads ${JSON.stringify(spec)}`, async () => {
      const value = await (await openSecrets([spec], { env, cwd }))(spec.id);
      assert.strictEqual(Buffer.from(value ?? assert.fail()).toString(), want);
    });
  }

  it("knows nothing of other ids", async () => {
    assert.isUndefined(await (await openSecrets([], { env, cwd }))("named"));
  });

  it("F28 reads a file each time, so that it may change", async () => {
    const spec = { id: "a", file: "changing", env: undefined };
    await writeFile(join(cwd, "changing"), "1");
    const secrets = await openSecrets([spec], { env, cwd });
    await writeFile(join(cwd, "changing"), "2");
    assert.strictEqual(Buffer.from((await secrets("a")) ?? []).toString(), "2");
  });

  it("R08 takes no more than 500 KiB", async () => {
    const large = { id: "a", file: "large", env: undefined };
    const error = await failureOf(openSecrets([large], { env, cwd }), "USAGE");
    assert.strictEqual(error.message, 'Cannot use secret "a": it has more than 500 KiB');
    const variable = { id: "a", file: undefined, env: "V" };
    await failureOf(openSecrets([variable], { env: { V: "x".repeat(512001) }, cwd }), "USAGE");
    const endless = { id: "a", file: "/dev/zero", env: undefined };
    const secrets = await openSecrets([endless], { env, cwd });
    assert.strictEqual((await failureOf(secrets("a"), "USAGE")).message, error.message);
    await writeFile(join(cwd, "full"), Buffer.alloc(500 * 1024));
    const full = await openSecrets([{ id: "a", file: "full", env: undefined }], { env, cwd });
    assert.strictEqual((await full("a"))?.byteLength, 500 * 1024);
  });

  for (const [file, why] of [
    ["none", "there is no such file"],
    [".", "it is a directory"],
    ["loop", "it cannot be read"],
  ] as const) {
    it(`F28 says at the start that ${why}`, async () => {
      const error = await failureOf(
        openSecrets([{ id: "a", file, env: undefined }], { env, cwd }),
        "USAGE",
      );
      assert.include(error.message, why);
    });
  }
});
