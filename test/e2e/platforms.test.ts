import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { startRegistry, type RegistryServer } from "../registry/docker-registry.js";
import { inspect } from "./support/inspect.js";
import { describeForAccounts } from "./support/site.js";

function skopeo(...argv: readonly string[]): string {
  return execFileSync("skopeo", ["--insecure-policy", ...argv], {
    encoding: "utf8",
    stdio: "pipe",
  });
}

interface Seen {
  readonly Architecture: string;
  readonly Digest: string;
  readonly Env: readonly string[];
}

/** A base for each of two platforms under one name: its files need not run to be copied. */
const base = "FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /arch\nENV BASE=$TARGETARCH";
const cross = (name: string): string => `FROM --platform=$BUILDPLATFORM busybox AS build
RUN echo tools >/tools
ARG TARGETPLATFORM
RUN echo "for $TARGETPLATFORM" >/out
FROM ${name}
COPY --from=build /tools /out /
COPY --from=${name} /arch /copied
`;

describeForAccounts("an image for several platforms", (site) => {
  let registry: RegistryServer;
  const two = "--platform=linux/amd64,linux/arm64";

  before(async () => {
    registry = await startRegistry();
  });

  after(async () => {
    await registry[Symbol.asyncDispose]();
  });

  it("M01 M02 S22 is built from foreign bases, pushed, and read by skopeo", async () => {
    const from = `${registry.host}/team/base:1`;
    const files = { Dockerfile: base, amd64: "amd64", arm64: "arm64" };
    await site.ok([two, "-t", from, "--push", site.context(files)]);
    await site.ok(["rmi", from]);
    const name = `${registry.host}/team/app:1`;
    const context = site.context({ Dockerfile: cross(from) });
    const built = await site.ok([
      ...["--platform=linux/arm64", "--platform=local", "--progress=plain"],
      ...["-t", name, "--push", "--iidfile=iid", "--metadata-file=m.json", context],
    ]);
    assert.strictEqual(built.stderr.match(/RUN echo tools/g)?.length, 1, built.stderr);
    assert.include(built.stderr, '[linux/amd64->arm64 build 3/3] RUN echo "for linux/arm64"');
    const metadata = JSON.parse(readFileSync(`${site.directory}/m.json`, "utf8")) as {
      readonly "containerimage.digest": string;
    };
    const digest = metadata["containerimage.digest"];
    assert.strictEqual(readFileSync(`${site.directory}/iid`, "utf8"), digest);
    for (const arch of ["amd64", "arm64"]) {
      const argv = [`--override-arch=${arch}`, "inspect", "--tls-verify=false"];
      const seen = JSON.parse(skopeo(...argv, `docker://${name}`)) as Seen;
      assert.strictEqual(seen.Architecture, arch);
      assert.include(seen.Env, `BASE=${arch}`);
      assert.strictEqual(seen.Digest, digest, "the index itself is kept");
    }
    const dest = `type=local,dest=out`;
    await site.ok([two, "-o", dest, context]);
    for (const arch of ["amd64", "arm64"]) {
      const read = (file: string): string =>
        readFileSync(`${site.directory}/out/linux_${arch}/${file}`, "utf8");
      assert.strictEqual(read("out"), `for linux/${arch}\n`);
      assert.strictEqual(read("copied"), arch);
    }
    const clash = await site.tsbuild([two, "-o", `${dest},platform-split=false`, context]);
    const why = /cannot overwrite arch from linux\/amd64 with linux\/arm64 when split option/;
    assert.match(clash.stderr, why);
  });

  it("M01 is kept as it is: inspected, run, tagged, saved, pushed, removed", async () => {
    const text = "FROM --platform=$BUILDPLATFORM busybox\nARG TARGETARCH\nRUN echo $TARGETARCH >/a";
    await site.ok([two, "-t", "several", site.context({ Dockerfile: text })]);
    const { Id, Architecture } = await inspect(site, "several");
    assert.strictEqual(Architecture, "amd64");
    assert.strictEqual(await site.look("several", "cat /a"), "amd64\n", "this machine's is run");
    const name = `${registry.host}/team/several:1`;
    await site.ok(["tag", "several", name]);
    assert.include((await site.ok(["push", name])).stdout, Id);
    const raw = ["inspect", "--tls-verify=false", "--raw", `docker://${name}`];
    assert.lengthOf((JSON.parse(skopeo(...raw)) as { manifests: unknown[] }).manifests, 2);
    await site.ok(["save", "-o", "several.tar", "several"]);
    const archive = `oci-archive:${site.directory}/several.tar`;
    const arm = JSON.parse(skopeo("--override-arch=arm64", "inspect", archive)) as Seen;
    assert.strictEqual(arm.Architecture, "arm64");
    await site.ok(["rmi", "several", name]);
  });

  it("O07 F03 is refused where there is no place for it, and one platform's index is made", async () => {
    const context = site.context({ Dockerfile: "FROM busybox" });
    const refused = await site.tsbuild([two, "--load", context]);
    assert.match(refused.stderr, /docker exporter does not support exporting manifest lists/);
    const note = ["--annotation", "index:a=b", "-o", "type=oci,dest=one.tar"];
    const single = await site.tsbuild([...note, context]);
    assert.match(single.stderr, /index annotations not supported for single platform export/);
    await site.ok([...note, "--build-arg", "BUILDKIT_MULTI_PLATFORM=1", context]);
    const raw = skopeo("inspect", "--raw", `oci-archive:${site.directory}/one.tar`);
    const index = JSON.parse(raw) as { manifests: unknown[]; annotations: unknown };
    assert.lengthOf(index.manifests, 1);
    assert.deepStrictEqual(index.annotations, { a: "b" });
  });
});
