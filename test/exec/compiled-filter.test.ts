import { assert } from "chai";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompiledFilter } from "../../src/exec/compiled-filter.js";

describe("CompiledFilter", () => {
  const program = Buffer.alloc(16, 6);
  const annotation = { annotations: { "run.oci.seccomp_bpf_data": program.toString("base64") } };
  let bundle: string;
  let runtime: string;

  beforeEach(async () => {
    bundle = await mkdtemp(join(tmpdir(), "tsbuild-filter-"));
    runtime = join(bundle, "crun");
    await writeFile(runtime, "version 1");
  });
  afterEach(async () => {
    await rm(bundle, { recursive: true });
  });

  it("additions() asks for the filter until it was taken", async () => {
    const filter = await CompiledFilter.open(runtime, "amd64", undefined);
    assert.property(filter.additions("/state", bundle), "hooks");
    await filter.take(bundle); // the hook saved nothing
    assert.property(filter.additions("/state", bundle), "hooks");
    await writeFile(join(bundle, "seccomp.bpf"), program);
    await filter.take(bundle);
    assert.deepEqual(filter.additions("/state", bundle), annotation);
  });

  it("take() does not keep a part of a program", async () => {
    const filter = await CompiledFilter.open(runtime, "amd64", undefined);
    await writeFile(join(bundle, "seccomp.bpf"), program.subarray(0, 15));
    await filter.take(bundle);
    assert.property(filter.additions("/state", bundle), "hooks");
  });

  it("open() finds what an earlier build kept, unless the runtime or the profile is another", async () => {
    const store = new Map<string, string>();
    const kept = {
      get: (key: string) => store.get(key),
      put: (key: string, value: string) => void store.set(key, value),
    };
    await writeFile(join(bundle, "seccomp.bpf"), program);
    await (await CompiledFilter.open(runtime, "amd64", kept)).take(bundle);
    const again = await CompiledFilter.open(runtime, "amd64", kept);
    assert.deepEqual(again.additions("/state", bundle), annotation);
    const foreign = await CompiledFilter.open(runtime, "arm64", kept);
    assert.property(foreign.additions("/state", bundle), "hooks");
    await writeFile(runtime, "version 1.1");
    const newer = await CompiledFilter.open(runtime, "amd64", kept);
    assert.property(newer.additions("/state", bundle), "hooks");
  });
});
