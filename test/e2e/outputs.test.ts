import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
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
    const images = (await site.ok(["images"])).stdout;
    const other = site.context({ Dockerfile: "FROM busybox\nRUN echo only >/cache" });
    await site.ok(["-o", "type=cacheonly", other]);
    assert.strictEqual((await site.ok(["images"])).stdout, images);
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

  it("are named and described in files, and by -q alone on standard output", async () => {
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
      assert.match(stdout, /^KIND +ID +RECLAIMABLE +SIZE +LAST USED\n/);
      assert.match(stdout, /^Total: [\d.]+ ?[kMG]?B$/m);
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
