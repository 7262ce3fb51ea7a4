import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { startRegistry, type RegistryServer } from "../registry/docker-registry.js";
import { inspect } from "./support/inspect.js";
import { skipBecause } from "./support/needs.js";
import { program, run } from "./support/run.js";
import { describeForAccounts, type Site } from "./support/site.js";

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

/** What of a provenance the tests look at. */
interface Predicate {
  readonly buildDefinition: {
    readonly externalParameters: { readonly request: { readonly args: unknown } };
    readonly resolvedDependencies: readonly { uri: string; digest: { sha256: string } }[];
  };
  readonly runDetails: {
    readonly metadata: {
      readonly buildkit_metadata: {
        readonly layers: Readonly<Record<string, readonly [chain: readonly object[]]>>;
        readonly vcs: { readonly revision: string };
        readonly source: { readonly infos: readonly { readonly data: string }[] };
      };
    };
  };
}

/** What of an SBOM the tests look at. */
interface Spdx {
  readonly name: string;
  readonly files: readonly { readonly fileName: string; readonly comment?: string }[];
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

/** A program for arm64, as far as the kernel looks: busybox does not mind when it is told to run "/bin/sh". */
function foreignContext(site: Site): string {
  const sh = Buffer.alloc(64);
  sh.write("\x7fELF\x02\x01\x01", "latin1");
  sh.set([2, 0, 0xb7], 16);
  const text =
    "FROM --platform=linux/arm64 scratch\nCOPY --chmod=755 sh /bin/sh\nRUN echo emulated >/x";
  return site.context({ Dockerfile: text, sh });
}

/** In a user namespace of its own busybox runs what is for arm64, and then the command that follows. */
const registering = String.raw`
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
printf '%s' ":arm64:M::$magic::$(command -v busybox):F" >/proc/sys/fs/binfmt_misc/register
exec "$@"`;

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
    const told = built.stderr.match(/^#\d+ .*RUN echo tools >\/tools$/gm); // again when it had to wait
    assert.strictEqual(new Set(told).size, 1, built.stderr);
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
    await site.ok(["load", "-i", "several.tar"]);
    assert.strictEqual((await inspect(site, "several")).Id, Id, "nothing is lost on the way");
    await site.ok(["tag", "several", name]);
    assert.include((await site.ok(["push", name])).stdout, Id);
    await site.ok(["rmi", "several", name]);
  });

  it("N15 Q02 Q03 is joined of images that were pushed by digest, copied and inspected", async () => {
    const name = `${registry.host}/join/app`;
    const files = { Dockerfile: base, amd64: "amd64", arm64: "arm64", "386": "386" };
    const context = site.context(files);
    const digests: string[] = [];
    for (const arch of ["amd64", "arm64"]) {
      const output = `type=image,name=${name},push-by-digest=true,push=true,store=false`;
      const argv = [`--platform=linux/${arch}`, "-o", output, "--metadata-file=d.json", context];
      await site.ok(argv);
      const metadata = JSON.parse(readFileSync(`${site.directory}/d.json`, "utf8")) as {
        readonly "containerimage.digest": string;
      };
      digests.push(metadata["containerimage.digest"]);
    }
    await site.ok([
      "--platform=linux/386",
      "-o",
      "type=oci,tar=false,dest=layout",
      "-t",
      "x:1",
      context,
    ]);
    const create = ["imagetools", "create"];
    await site.ok([...create, "-t", `${name}:1`, "--annotation", "index:k=v", ...digests]);
    const other = `${registry.host}/other/app:1`;
    await site.ok([...create, "-t", other, `${name}:1`]);
    await site.ok([...create, "--append", "-t", other, "oci-layout://layout:1"]);
    const shown = await site.ok(["imagetools", "inspect", other]);
    for (const digest of digests)
      assert.include(shown.stdout, `  Name:        ${other}@${digest}\n`);
    const format = "{{.Name}}{{range .Manifest.Manifests}} {{.Platform.Architecture}}{{end}}";
    const line = await site.ok(["imagetools", "inspect", "--format", format, other]);
    assert.strictEqual(line.stdout, `${other} amd64 arm64 386\n`);
    const seen = skopeo(
      "--override-arch=386",
      "inspect",
      "--tls-verify=false",
      `docker://${other}`,
    );
    assert.include((JSON.parse(seen) as Seen).Env, "BASE=386");
    const list = `${registry.host}/listed/app:1`;
    const one = (digest: string): string => `${name}@${digest}`;
    await site.ok(["manifest", "create", list, ...digests.map(one)]);
    assert.strictEqual((await site.tsbuild(["manifest", "create", list, other])).code, 2);
    await site.ok(["manifest", "annotate", "--variant=v9", list, one(digests[1] ?? "")]);
    const local = await site.ok(["manifest", "inspect", list]);
    await site.ok(["manifest", "push", "--purge", list]);
    assert.strictEqual((await site.ok(["manifest", "inspect", list])).stdout, local.stdout);
    const variants = await site.ok(["imagetools", "inspect", list]);
    assert.match(variants.stdout, /Platform:  linux\/amd64[^]*Platform:  linux\/arm64\/v9/);
  });

  it("A01 A03 A04 O21 has provenance beside it that names its base, arguments and commit", async () => {
    const from = `${registry.host}/team/base:2`;
    const files = { Dockerfile: base, amd64: "amd64", arm64: "arm64" };
    await site.ok([two, "-t", from, "--push", site.context(files)]);
    const copy = `FROM ${from}\nARG VERSION\nLABEL v=$VERSION\nCOPY Dockerfile /`;
    const context = site.context({ Dockerfile: copy });
    const commit = [
      "-c",
      "user.name=a",
      "-c",
      "user.email=b",
      "commit",
      "-q",
      "--allow-empty",
      "-m",
    ];
    for (const argv of [
      ["init", "-q"],
      [...commit, "c"],
    ])
      await run(site.account, ["git", "-C", context, ...argv]);
    const name = `${registry.host}/team/attested:1`;
    const build = ["--build-arg", "VERSION=7", "--metadata-file=p.json", context];
    await site.ok([two, "--provenance=mode=max", "-t", name, "--push", ...build]);
    const metadata = JSON.parse(readFileSync(`${site.directory}/p.json`, "utf8")) as object;
    const format = "{{json .Provenance}}";
    const { stdout } = await site.ok(["imagetools", "inspect", "--format", format, name]);
    const said = JSON.parse(stdout) as Record<string, { SLSA: Predicate }>;
    assert.sameMembers(Object.keys(said), ["linux/amd64", "linux/arm64"]);
    for (const [platform, { SLSA }] of Object.entries(said)) {
      const { runDetails, buildDefinition } = SLSA;
      const { layers: _, ...told } = runDetails.metadata.buildkit_metadata;
      const early = {
        ...runDetails,
        metadata: { ...runDetails.metadata, buildkit_metadata: told },
      };
      const want = { buildDefinition, runDetails: early }; // made before there were layers
      assert.deepPropertyVal(metadata, `buildx.build.provenance/${platform}`, want);
      const { externalParameters, resolvedDependencies } = SLSA.buildDefinition;
      assert.deepStrictEqual(externalParameters.request.args, { "build-arg:VERSION": "7" });
      const [material] = resolvedDependencies;
      const arch = platform.replace("linux/", "");
      const argv = ["inspect", "--raw", "--tls-verify=false", `docker://${from}`];
      const { manifests } = JSON.parse(skopeo(...argv)) as {
        manifests: { digest: string; platform: { architecture: string } }[];
      };
      const own = manifests.find((one) => one.platform.architecture === arch)?.digest;
      assert.strictEqual(`sha256:${material?.digest.sha256 ?? ""}`, own);
      assert.include(material?.uri, `/team/base@2?platform=linux%2F${arch}`);
      const { vcs, source, layers } = SLSA.runDetails.metadata.buildkit_metadata;
      assert.match(vcs.revision, /^[0-9a-f]{40}$/);
      assert.strictEqual(Buffer.from(source.infos[0]?.data ?? "", "base64").toString(), copy);
      const counts = Object.values(layers).map(([chain]) => chain.length);
      assert.deepStrictEqual(counts, [1, 2]); // of the base, and with what COPY made
    }
    await site.ok(["push", name]);
    await site.ok(["--provenance=inline-only=true", "-o", "type=local,dest=unsaid", context]);
    assert.notInclude(readdirSync(`${site.directory}/unsaid`), "provenance.json");
    await site.ok(["--provenance=true", "-o", "type=local,dest=said", context]);
    const statement = readFileSync(`${site.directory}/said/provenance.json`, "utf8");
    assert.include(statement, '"predicateType": "https://slsa.dev/provenance/v1"');
    assert.notInclude(statement, "VERSION");
    await site.ok(["rmi", name, from]);
  });

  it("A02 O21 Q02 S17 has beside it what a scanner found in it, with the layers of its files", async () => {
    const scanner = `${registry.host}/team/scanner:1`;
    const script = [
      "set -e",
      "ls /run/src/extras/sbom-tools/from /run/src/extras/sbom-context/Dockerfile",
      "cd $BUILDKIT_SCAN_SOURCE",
      "! touch x 2>/dev/null",
      `for f in *; do files="$files\${files:+,}{\\"fileName\\":\\"/$f\\"}"; done`,
      `document="{\\"spdxVersion\\":\\"SPDX-2.3\\",\\"name\\":\\"$BUILDKIT_SCAN_NAME\\",\\"files\\":[$files]}"`,
      "echo $document >$BUILDKIT_SCAN_DESTINATION/sbom.spdx.json",
      `echo "{\\"predicateType\\":\\"https://spdx.dev/Document\\",\\"predicate\\":$document}" >/run/out/more.spdx.json`,
    ].join("\n");
    const files = { Dockerfile: "FROM busybox\nCOPY scan /\nUSER 1\nCMD sh /scan", scan: script };
    await site.ok(["-t", scanner, "--push", site.context(files)]);
    await site.ok(["rmi", scanner]);
    const text =
      "FROM scratch AS tools\nARG BUILDKIT_SBOM_SCAN_STAGE=1\nCOPY Dockerfile /from\n" +
      "FROM scratch\nARG BUILDKIT_SBOM_SCAN_CONTEXT=1\nCOPY Dockerfile /\nCOPY --from=tools /from /";
    const context = site.context({ Dockerfile: text });
    const name = `${registry.host}/team/scanned:1`;
    const build = [`--sbom=generator=${scanner},NAME=x`, "--provenance=1", context];
    await site.ok([two, "-t", name, "--push", ...build]);
    const { stdout } = await site.ok(["imagetools", "inspect", "--format={{json .SBOM}}", name]);
    const found = JSON.parse(stdout) as Record<string, { SPDX: Spdx; AdditionalSPDXs: [Spdx] }>;
    assert.sameMembers(Object.keys(found), ["linux/amd64", "linux/arm64"]);
    const image = JSON.parse(
      skopeo("inspect", "--override-arch=arm64", "--tls-verify=false", `docker://${name}`),
    ) as { Layers: readonly string[] };
    const { SPDX, AdditionalSPDXs } = found["linux/arm64"] ?? assert.fail("no arm64");
    assert.strictEqual(SPDX.name, "x");
    assert.deepStrictEqual(SPDX.files, [
      { fileName: "/Dockerfile", comment: `layerID: ${image.Layers[0] ?? ""}` },
      { fileName: "/from", comment: `layerID: ${image.Layers[1] ?? ""}` },
    ]);
    assert.deepStrictEqual(AdditionalSPDXs[0].files, [
      { fileName: "/Dockerfile" },
      { fileName: "/from" },
    ]);
    const out = "type=local,dest=scanned,attestation-prefix=p-,platform-split=false";
    const again = await site.ok(["-o", out, ...build]);
    assert.match(again.stderr, / 0 run/);
    const statement = readFileSync(`${site.directory}/scanned/p-sbom.spdx.json`, "utf8");
    assert.include(statement, '"predicateType": "https://spdx.dev/Document"');
    assert.match(statement, /"name": "from",\s+"digest"/);
    const silent = await site.ok(["-o", "type=cacheonly", ...build, "--sbom=generator=busybox"]);
    assert.include(silent.stderr, 'the scanner "busybox" wrote no SBOM');
    await site.ok(["rmi", name, scanner]);
  });

  it("M05 names the line that runs a foreign program, and what would run it", async () => {
    const result = await site.tsbuild(["-o", "type=cacheonly", foreignContext(site)]);
    assert.strictEqual(result.code, 1);
    assert.match(result.stderr, /^Dockerfile:3:1: .*exit code: \d+: its program is for arm64/m);
    assert.match(result.stderr, /^hint: .*qemu-user-static/m);
  });

  if (site.account.uid !== 0) {
    it("M05 runs a foreign program by the interpreter that is registered for it", async function () {
      const [major = 0, minor = 0] = release().split(".").map(Number);
      if (major * 1000 + minor < 6007) skipBecause(this, "user namespaces have no binfmt_misc");
      const inside = ["unshare", "--user", "--map-auto", "--map-root-user", "--mount", "sh", "-c"];
      const build = [program, "-o", "type=local,dest=emulated", foreignContext(site)];
      const argv = [...inside, registering, "sh", ...build];
      const env = { TSBUILD_ROOT: site.root };
      const result = await run(site.account, argv, { cwd: site.directory, env });
      assert.strictEqual(result.code, 0, result.stderr);
      assert.strictEqual(readFileSync(`${site.directory}/emulated/x`, "utf8"), "emulated\n");
    });
  }

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
