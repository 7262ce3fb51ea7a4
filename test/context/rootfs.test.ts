import { assert } from "chai";
import { openRootfs } from "../../src/context/rootfs.js";
import { BuildError } from "../../src/error.js";
import { toBytePath } from "../../src/oci/changeset.js";
import { directoryWith, temporaryDirectory } from "./temporary.js";

const temporary = temporaryDirectory();

const resolutions = [
  { path: "usr/bin/tool", real: "usr/bin/tool" },
  { path: "bin/tool", real: "usr/bin/tool" },
  { path: "/bin/", real: "usr/bin" },
  { path: "absolute/tool", real: "usr/bin/tool" },
  { path: "climbing/tool", real: "usr/bin/tool" },
  { path: "bin/missing/deep", real: "usr/bin/missing/deep" },
  { path: "dangling/x", real: "var/gone/x" },
  { path: "missing/../usr", real: "usr" },
  { path: "../../usr", real: "usr" },
  { path: "usr/bin/tool/x", real: "usr/bin/tool/x" },
  { path: "", real: "" },
];

describe("openRootfs()", () => {
  const root = directoryWith(temporary, {
    "usr/bin/tool": "t",
    bin: { symlink: "usr/bin" },
    absolute: { symlink: "/bin" },
    climbing: { symlink: "../../../usr/./bin/" },
    dangling: { symlink: "/var/gone" },
    loop: { symlink: "pool" },
    pool: { symlink: "loop" },
    host: { symlink: "/etc/passwd" },
  });
  const rootfs = openRootfs(root);

  for (const { path, real } of resolutions) {
    it(`C09 resolves "${path}" to "${real}"`, () => {
      assert.strictEqual(rootfs.resolve(toBytePath(path)), real);
    });
  }

  it("C09 refuses loops", () => {
    assert.throws(
      () => rootfs.resolve(toBytePath("loop/x")),
      BuildError,
      "too many symbolic links",
    );
  });

  it("looks at a real path only", () => {
    const link = rootfs.lstat(toBytePath("bin"));
    assert.deepStrictEqual([link?.type, link?.target], ["symlink", toBytePath("usr/bin")]);
    assert.strictEqual(rootfs.lstat(toBytePath(""))?.type, "directory");
    assert.isUndefined(rootfs.lstat(toBytePath("bin/tool")));
    assert.isUndefined(rootfs.lstat(toBytePath("none")));
  });

  it("reads small files, and nothing of the host", () => {
    assert.strictEqual(String(rootfs.readFile(toBytePath("bin/tool"), 10)), "t");
    assert.isUndefined(rootfs.readFile(toBytePath("host"), 1 << 20));
    assert.isUndefined(rootfs.readFile(toBytePath("usr"), 10));
    assert.throws(() => rootfs.readFile(toBytePath("bin/tool"), 0), BuildError, "larger than 0");
  });
});
