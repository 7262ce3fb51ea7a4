import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { testsRunAsRoot } from "./support/accounts.js";
import { baseLayout } from "./support/base-images.js";
import { inspect } from "./support/inspect.js";
import { skipBecause } from "./support/needs.js";
import { describeForAccounts, type Site } from "./support/site.js";

interface SkopeoInspection {
  readonly Layers: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
}

function skopeo(...argv: readonly string[]): string {
  return execFileSync("skopeo", ["--insecure-policy", ...argv], { encoding: "utf8" });
}

function inspection(reference: string): SkopeoInspection {
  return JSON.parse(skopeo("inspect", reference)) as SkopeoInspection;
}

/** The image id, as skopeo computes it from what it was given. */
function idOf(reference: string): string {
  const raw = execFileSync("skopeo", ["inspect", "--config", "--raw", reference]);
  return `sha256:${execFileSync("sha256sum", { input: raw, encoding: "utf8" }).slice(0, 64)}`;
}

interface Index {
  readonly manifests: readonly {
    readonly digest: string;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

interface Manifest {
  readonly mediaType: string;
  readonly layers: readonly { readonly mediaType: string }[];
  readonly annotations?: Readonly<Record<string, string>>;
}

const Dockerfile = `FROM busybox
LABEL made=here
COPY --chown=33:33 f /srv/
RUN ln -s f /srv/link && chmod 4755 /bin/busybox && mkdir /empty && mkfifo /fifo && rm /tmp -r
ENV A=b
CMD ["cat", "/srv/f"]`;

describeForAccounts("outputs", (site) => {
  let context: string;
  const path = (name: string): string => join(site.directory, name);
  const build = (...flags: readonly string[]) => site.ok([...flags, context]);
  const epoch = ["--build-arg", "SOURCE_DATE_EPOCH=1000000000"];

  /** A file of the site's directory, or of an archive there. */
  function json(name: string, archive?: string): unknown {
    const bytes =
      archive === undefined
        ? readFileSync(path(name))
        : execFileSync("tar", ["-xOf", path(archive), name]);
    return JSON.parse(bytes.toString());
  }

  before(async () => {
    context = site.context({ Dockerfile, f: "content\n" });
    await build("-t", "out");
  });

  it("type=oci is an archive that skopeo reads", async () => {
    await build("-t", "out:1", "-o", "type=oci,dest=out.oci.tar");
    const reference = `oci-archive:${path("out.oci.tar")}`;
    assert.strictEqual(idOf(reference), (await inspect(site, "out")).Id);
    assert.deepStrictEqual(inspection(reference).Labels, { made: "here" });
    assert.lengthOf(inspection(reference).Layers, 3);
  });

  it("type=oci,tar=false is a layout that umoci unpacks and runc runs", async function () {
    await build("-t", "out:1", "-o", "type=oci,dest=layout,tar=false");
    assert.strictEqual(idOf(`oci:${path("layout")}:1`), (await inspect(site, "out")).Id);
    const rootless = testsRunAsRoot ? [] : ["--rootless"];
    execFileSync("umoci", [
      "unpack",
      ...rootless,
      "--image",
      `${path("layout")}:1`,
      path("bundle"),
    ]);
    const root = path("bundle/rootfs");
    assert.strictEqual(readFileSync(join(root, "srv/link"), "utf8"), "content\n");
    assert.notInclude(readdirSync(root), "tmp");
    if (!testsRunAsRoot) skipBecause(this, "runc runs as root here");
    assert.strictEqual(statSync(join(root, "srv/f")).uid, 33);
    assert.strictEqual(statSync(join(root, "bin/busybox")).mode & 0o7777, 0o4755);
    const config = JSON.parse(readFileSync(path("bundle/config.json"), "utf8")) as {
      process: { terminal: boolean };
    };
    config.process.terminal = false;
    site.write("bundle", { "config.json": JSON.stringify(config) });
    const name = `tsbuild-e2e-${process.pid}`;
    const runc = `mount -t tmpfs tmpfs /run; for m in /sys/fs/cgroup/unified; do ! mountpoint -q $m || umount $m; done; exec runc --root /run/runc run --bundle "$0" ${name}`;
    const argv = ["--mount", "--propagation", "private", "sh", "-c", runc, path("bundle")];
    assert.strictEqual(execFileSync("unshare", argv, { encoding: "utf8" }), "content\n");
  });

  it("type=oci on standard output is the same archive", async () => {
    const { bytes } = await build("-t", "out:1", "-o", "type=oci,dest=-");
    site.write(".", { "piped.tar": bytes });
    assert.strictEqual(idOf(`oci-archive:${path("piped.tar")}`), (await inspect(site, "out")).Id);
  });

  it("type=docker is an archive for docker load, with its names", async () => {
    await build("-t", "out:1", "-t", "other/name", "-o", "type=docker,dest=out.docker.tar");
    const reference = `docker-archive:${path("out.docker.tar")}`;
    assert.strictEqual(idOf(reference), (await inspect(site, "out")).Id);
    const manifest = execFileSync("tar", ["-xOf", path("out.docker.tar"), "manifest.json"]);
    const [entry] = JSON.parse(manifest.toString()) as { RepoTags: string[] }[];
    assert.sameMembers([...(entry?.RepoTags ?? [])], ["out:1", "other/name:latest"]);
    skopeo("copy", "-q", reference, `dir:${path("copied")}`);
  });

  it("type=tar is the root filesystem with owners, modes and special files", async () => {
    await build("-o", "type=tar,dest=root.tar");
    const listed = execFileSync("tar", ["-tvf", path("root.tar"), "--numeric-owner"], {
      encoding: "utf8",
    });
    for (const line of [
      /^-rw-r--r-- 33\/33 +8 .* srv\/f$/m,
      /^lrwxrwxrwx 0\/0 .* srv\/link -> f$/m,
      /^[-h]rwsr-xr-x 0\/0 .* bin\/busybox/m,
      /^drwxr-xr-x 0\/0 .* empty\/$/m,
      /^prw-r--r-- 0\/0 .* fifo$/m,
    ]) {
      assert.match(listed, line);
    }
    assert.notMatch(listed, / tmp\//);
    assert.notMatch(listed, /\.wh\./);
  });

  it("type=local is a directory, with content and modes, for whom it was made", async () => {
    await build("-o", "plain");
    assert.strictEqual(readFileSync(path("plain/srv/f"), "utf8"), "content\n");
    assert.isTrue(statSync(path("plain/empty")).isDirectory());
    assert.strictEqual(statSync(path("plain/srv/f")).uid, site.account.uid);
  });

  it("type=cacheonly makes no image, but a cache", async () => {
    const images = (await site.ok(["images", "-q"])).stdout;
    const other = site.context({ Dockerfile: "FROM busybox\nRUN echo only >/cache" });
    await site.ok(["-o", "type=cacheonly", other]);
    assert.strictEqual((await site.ok(["images", "-q"])).stdout, images);
    assert.match((await site.ok(["--progress=plain", other])).stderr, /CACHED/);
  });

  it("come several at once", async () => {
    await build("-t", "out:many", "-o", "type=image", "-o", "type=oci,dest=many.tar", "-o", "many");
    assert.isTrue(existsSync(path("many/srv/f")));
    assert.strictEqual(
      idOf(`oci-archive:${path("many.tar")}`),
      (await inspect(site, "out:many")).Id,
    );
  });

  it("F13, F16, H10 are named and described in files, and by -q alone on standard output", async () => {
    const flags = ["-q", "-t", "one", "-t", "two:2", "--iidfile", "iid", "--metadata-file", "meta"];
    const { stdout, stderr } = await build(...flags);
    const { Id } = await inspect(site, "one");
    assert.strictEqual(stdout, `${Id}\n`);
    assert.strictEqual(stderr, "");
    assert.strictEqual((await inspect(site, "two:2")).Id, Id);
    assert.strictEqual(readFileSync(path("iid"), "utf8"), Id);
    const metadata = JSON.parse(readFileSync(path("meta"), "utf8")) as Record<string, unknown>;
    assert.strictEqual(metadata["containerimage.config.digest"], Id);
    assert.strictEqual(
      metadata["image.name"],
      "docker.io/library/one:latest,docker.io/library/two:2",
    );
  });

  it("of a failed build leave no id file, and the old archive", async () => {
    site.write(".", { iid: "old", "kept.tar": "old" });
    const failing = site.context({ Dockerfile: "FROM busybox\nRUN exit 3" });
    const flags = ["--iidfile", "iid", "-o", "type=oci,dest=kept.tar"];
    assert.strictEqual((await site.tsbuild([...flags, failing])).code, 1);
    assert.isFalse(existsSync(path("iid")));
    assert.strictEqual(readFileSync(path("kept.tar"), "utf8"), "old");
  });

  it("O12 O14 O16 F03 several outputs at once each have their form", async () => {
    const annotated = "annotation.a=b,annotation-manifest-descriptor.c=d";
    await build(
      ...["-t", "out:1", "--annotation", "e=f"],
      ...[
        "-o",
        `type=oci,dest=forms,tar=false,compression=zstd,force-compression=true,${annotated}`,
      ],
      ...["-o", "type=tar,dest=forms.tar", "-o", "type=cacheonly"],
    );
    await build("-t", "out:2", "-o", "type=oci,dest=forms,tar=false,oci-mediatypes=false");
    const index = json("forms/index.json") as Index;
    assert.lengthOf(index.manifests, 2, "O06 the layout keeps what it had");
    const [zstd, docker] = index.manifests.map(({ digest }) => {
      return json(`forms/blobs/sha256/${digest.slice("sha256:".length)}`) as Manifest;
    });
    assert.strictEqual(index.manifests[0]?.annotations["c"], "d");
    assert.deepStrictEqual(zstd?.annotations, { a: "b", e: "f" });
    assert.lengthOf(zstd?.layers ?? [], 3);
    for (const { mediaType } of zstd?.layers ?? []) assert.match(mediaType, /\.v1\.tar\+zstd$/);
    assert.strictEqual(docker?.mediaType, "application/vnd.docker.distribution.manifest.v2+json");
    for (const { mediaType } of docker?.layers ?? [])
      assert.match(mediaType, /rootfs\.diff\.tar(?:\.gzip)?$/);
    assert.strictEqual(idOf(`oci:${path("forms")}:1`), (await inspect(site, "out")).Id);
    skopeo("copy", "-q", `oci:${path("forms")}:1`, `dir:${path("forms-1")}`);
    assert.isTrue(existsSync(path("forms.tar")));
  });

  it("O08 an image of the store keeps the form that it was built with", async () => {
    const flags = ["--annotation", "kept=yes", "-o", "type=image,compression=uncompressed"];
    await build("-t", "formed", "--label", "form=own", ...flags);
    await site.ok(["save", "-o", "formed.tar", "formed"]);
    const [manifest] = (json("index.json", "formed.tar") as Index).manifests;
    const blob = `blobs/sha256/${manifest?.digest.slice("sha256:".length) ?? ""}`;
    const { annotations, layers } = json(blob, "formed.tar") as Manifest;
    assert.deepStrictEqual(annotations, { kept: "yes" });
    assert.match(layers.at(-1)?.mediaType ?? "", /\.tar$/);
  });

  it("T01 T03 with an epoch the same inputs give the same bytes, however often they are built", async () => {
    const form = "rewrite-timestamp=true,name=r:1";
    for (const name of ["a", "b"]) {
      await build("--no-cache", "-o", `type=oci,dest=epoch-${name}.tar,${form}`, ...epoch);
    }
    assert.isTrue(readFileSync(path("epoch-a.tar")).equals(readFileSync(path("epoch-b.tar"))));
    const config = JSON.parse(
      skopeo("inspect", "--config", `oci-archive:${path("epoch-a.tar")}`),
    ) as { readonly created: string; readonly history: readonly { readonly created: string }[] };
    assert.strictEqual(Date.parse(config.created), 1_000_000_000_000);
    assert.isAbove(Date.parse(config.history[0]?.created ?? ""), 1_000_000_000_000, "the base's");
    const { stderr } = await build("-o", `type=oci,dest=epoch-none.tar,${form}`);
    assert.include(stderr, "rewrite-timestamp=true has no effect without SOURCE_DATE_EPOCH");
  });

  it("O02 O03 O04 a local output is split, dated, and rid of what is stale", async () => {
    const platform = `linux_${process.arch === "x64" ? "amd64" : process.arch}`;
    site.write(`split/${platform}`, { "stale/f": "", "srv/stale": "" });
    await build("-o", "type=local,dest=split,platform-split=true,mode=delete", ...epoch);
    const root = path(`split/${platform}`);
    assert.deepStrictEqual(readdirSync(join(root, "srv")).sort(), ["f", "link"]);
    assert.isFalse(existsSync(join(root, "stale")));
    assert.strictEqual(statSync(join(root, "srv/f")).mtimeMs, 1_000_000_000_000);
    await build("-o", "type=tar,dest=split.tar,platform-split=true");
    const listed = execFileSync("tar", ["-tf", path("split.tar")], { encoding: "utf8" });
    assert.include(listed, `${platform}/srv/f\n`);
    for (const name of listed.trim().split("\n")) assert.match(name, new RegExp(`^${platform}/`));
  });

  it("F15 --load hands the image to the engine of DOCKER_HOST", async () => {
    const received: Buffer[] = [];
    const engine = createServer((request, response) => {
      request.on("data", (chunk: Buffer) => received.push(chunk));
      request.on("end", () => response.end("{}"));
    });
    engine.listen(0, "127.0.0.1");
    await once(engine, "listening");
    const { port } = engine.address() as AddressInfo;
    try {
      const DOCKER_HOST = `tcp://127.0.0.1:${port}`;
      await site.ok(["--load", "-t", "loaded:1", context], { env: { DOCKER_HOST } });
    } finally {
      engine.close();
    }
    site.write(".", { "loaded.tar": Buffer.concat(received) });
    const reference = `docker-archive:${path("loaded.tar")}:loaded:1`;
    assert.strictEqual(idOf(reference), (await inspect(site, "loaded:1")).Id);
  });
});

describeForAccounts(
  "image commands",
  (site: Site) => {
    const skopeoCopy = (from: string, to: string): void => {
      skopeo("copy", "-q", from, to);
    };

    before(async () => {
      const context = site.context({ Dockerfile: "FROM busybox\nRUN echo a >/a\nENV X=1" });
      await site.ok(["-t", "app:1", context]);
    });

    it("save and load an image, which stays the same", async () => {
      const { Id } = await inspect(site, "app:1");
      const saved = await site.ok(["save", "app:1"]);
      await site.ok(["rmi", "app:1"]);
      const { stdout } = await site.ok(["load"], { input: saved.bytes });
      assert.strictEqual(stdout, "Loaded image: app:1\n");
      assert.strictEqual((await inspect(site, "app:1")).Id, Id);
      assert.strictEqual(await site.look("app:1", "cat /a"), "a\n");
    });

    it("save an image whose layers were here in another form before", async () => {
      const layout = join(site.directory, "base.tar");
      skopeoCopy(`oci:${baseLayout}:busybox`, `oci-archive:${layout}:busybox`);
      const input = readFileSync(layout); // layers in gzip; those here came without
      await site.ok(["load", "-q"], { input });
      await site.ok(["save", "-o", "again.tar", "busybox"]);
      const archive = join(site.directory, "again.tar");
      skopeoCopy(`docker-archive:${archive}`, `dir:${join(site.directory, "read")}`);
    });

    it("tag, list and remove by name and id", async () => {
      await site.ok(["tag", "app:1", "registry.example:5000/team/app:2"]);
      const { Id } = await inspect(site, "registry.example:5000/team/app:2");
      const { stdout } = await site.ok(["images"]);
      assert.match(stdout, /^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE\n/);
      assert.match(
        stdout,
        new RegExp(`^registry.example:5000/team/app +2 +${Id.slice(7, 19)} `, "m"),
      );
      await site.ok(["rmi", "app:1"]);
      assert.strictEqual(
        (await site.ok(["images", "-q", "--no-trunc", "registry.example:5000/team/app"])).stdout,
        `${Id}\n`,
      );
      const removed = await site.ok(["rmi", Id.slice(7, 19)]);
      assert.include(removed.stdout, "Untagged: registry.example:5000/team/app:2\n");
      assert.strictEqual((await site.tsbuild(["inspect", Id])).code, 1);
    });

    it("tell the history, and where space goes", async () => {
      const context = site.context({ Dockerfile: "FROM busybox\nRUN echo h >/h\nENV Y=2" });
      await site.ok(["-t", "told", context]);
      const history = (await site.ok(["history", "told"])).stdout.split("\n");
      assert.match(history[0] ?? "", /^IMAGE +CREATED +CREATED BY +SIZE +COMMENT$/);
      assert.match(history[1] ?? "", /ENV Y=2/);
      assert.match(history[2] ?? "", /RUN .*echo h >\/h/);
      const { stdout } = await site.ok(["du"]);
      assert.match(stdout, /^ID +TYPE +RECLAIMABLE +SIZE +LAST ACCESSED +KEPT BY +DESCRIPTION\n/);
      assert.match(stdout, /^Total: +[\d.]+ ?[kMG]?B$/m);
    });

    it("prune what no named image needs, and keep what one does", async () => {
      const context = site.context({ Dockerfile: "FROM busybox\nRUN echo unnamed >/u" });
      await site.ok([context]);
      const { stdout } = await site.ok(["prune"]);
      assert.match(stdout, /^Deleted: layer /m);
      assert.match(stdout, /^Total reclaimed space: [1-9]/m);
      assert.strictEqual(await site.look("told", "cat /h"), "h\n");
      const { stderr } = await site.ok(["--progress=plain", context]);
      assert.match(stderr, /RUN echo unnamed[^]*DONE/);
    });
  },
  { own: true },
);
