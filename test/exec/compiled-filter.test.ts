import { assert } from "chai";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { arch, tmpdir } from "node:os";
import { join } from "node:path";
import { compiledFilter } from "../../src/exec/compiled-filter.js";
import { hostPlatform } from "../../src/oci/platform.js";

describe("compiledFilter()", () => {
  const { architecture } = hostPlatform(arch());
  let directory: string;
  let runtime: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "tsbuild-filter-"));
    runtime = join(directory, "crun");
    await writeFile(runtime, "version 1");
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it("finds what an earlier build kept, unless the runtime or the profile is another", async () => {
    const store = new Map<string, string>();
    const kept = {
      get: (key: string) => store.get(key),
      put: (key: string, value: string) => void store.set(key, value),
    };
    const first = compiledFilter(runtime, architecture, kept);
    assert.equal(Buffer.from(first ?? "", "base64").byteLength % 8, 0);
    const [key = ""] = store.keys();
    assert.deepEqual([...store], [[key, first]]);
    store.set(key, "kept");
    assert.equal(compiledFilter(runtime, architecture, kept), "kept");
    compiledFilter(runtime, architecture === "386" ? "amd64" : "386", kept);
    assert.lengthOf([...store], 2);
    await writeFile(runtime, "version 1.1");
    assert.equal(compiledFilter(runtime, architecture, kept), first);
    assert.lengthOf([...store], 3);
  });

  it("is undefined on a machine without a profile", () => {
    assert.isUndefined(compiledFilter(runtime, "z80", undefined));
  });
});
