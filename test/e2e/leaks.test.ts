import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describeForAccounts, type Site } from "./support/site.js";

/** Every entry of the image's root with its mode, owner, size and time, as GNU tar lists it. */
async function listing(site: Site, context: string): Promise<readonly string[]> {
  const { bytes } = await site.ok(["-o", "-", context]);
  const options = { input: bytes, encoding: "utf8", maxBuffer: 1 << 28 } as const;
  const argv = ["-tvf", "-", "--numeric-owner", "--full-time", "--utc"];
  return execFileSync("tar", argv, options).trim().split("\n");
}

/** Uncompressed sizes and entries of an image's layers, lowest first, by another program's eyes. */
async function layerEntries(site: Site, context: string): Promise<readonly (readonly string[])[]> {
  const layout = join(site.directory, "layout");
  await site.ok(["-o", `type=oci,tar=false,dest=${layout}`, context]);
  const blob = (digest: string): string => join(layout, "blobs", digest.replace(":", "/"));
  const read = (path: string): unknown => JSON.parse(readFileSync(path, "utf8")) as unknown;
  const index = read(join(layout, "index.json")) as { manifests: { digest: string }[] };
  const manifest = read(blob(index.manifests.at(-1)?.digest ?? "")) as {
    layers: { digest: string }[];
  };
  return manifest.layers.map(({ digest }) => {
    const names = execFileSync("tar", ["-tf", blob(digest)], { encoding: "utf8" });
    return names.split("\n").filter(Boolean);
  });
}

/** An image that has the directories every container has, as real ones do and busybox does not. */
const base =
  "FROM busybox\nCOPY --from=busybox /tmp /dev\nCOPY --from=busybox /tmp /proc\nCOPY --from=busybox /tmp /sys";

describeForAccounts("what a step leaves", (site) => {
  it("is nothing at all, when it does nothing", async () => {
    const plain = site.context({ Dockerfile: base });
    const stepped = site.context({ Dockerfile: `${base}\nRUN true\nRUN : again` });
    assert.deepStrictEqual(await listing(site, stepped), await listing(site, plain));
    const layers = await layerEntries(site, stepped);
    assert.deepStrictEqual(layers.slice(-2), [[], []]);
  });

  it("has no trace of its network, its devices and its mount points", async () => {
    const context = site.context({
      Dockerfile: `${base}
RUN cat /etc/resolv.conf /etc/hosts /proc/self/mountinfo >/dev/null; touch /dev/shm/x; hostname; echo x >/made`,
    });
    const made = (await layerEntries(site, context)).at(-1);
    assert.deepStrictEqual(made, ["made"]);
  });

  it("is its own file where it writes to one that tsbuild had put there", async () => {
    const context = site.context({
      Dockerfile: `${base}
RUN mkdir -p /etc && echo mine >/etc/own`,
    });
    const made = (await layerEntries(site, context)).at(-1);
    assert.deepStrictEqual(made, ["etc/", "etc/own"]);
  });

  it("keeps what COPY put at the places of tsbuild's own files", async () => {
    const context = site.context({
      Dockerfile: `FROM busybox
COPY hosts resolv.conf /etc/
RUN grep -q localhost /etc/hosts && echo x >/x`,
      hosts: "mine\n",
      "resolv.conf": "own\n",
    });
    await site.ok(["-o", "type=local,dest=out", context]);
    assert.strictEqual(readFileSync(join(site.directory, "out/etc/hosts"), "utf8"), "mine\n");
    assert.strictEqual(readFileSync(join(site.directory, "out/etc/resolv.conf"), "utf8"), "own\n");
  });

  it("removes what it removes, and replaces directories by files", async () => {
    const context = site.context({
      Dockerfile: `FROM busybox
RUN mkdir -p /d/deep && echo 1 >/d/deep/f && echo 2 >/gone && ln -s gone /link
RUN rm /gone && rm -r /d && echo file >/d && mkdir /new && touch /new/.hidden
RUN rm /d && mkdir /d && echo again >/d/only`,
    });
    await site.ok(["-o", "type=local,dest=changed", context]);
    const root = join(site.directory, "changed");
    assert.notInclude(readdirSync(root), "gone");
    assert.deepStrictEqual(readdirSync(join(root, "d")), ["only"]);
    assert.deepStrictEqual(readdirSync(join(root, "new")), [".hidden"]);
  });

  it("has the times that the step set, and those of untouched files", async () => {
    const context = site.context({
      Dockerfile: `FROM busybox
RUN mkdir /t && touch -d '2001-02-03 04:05:06' /t/old && touch -d '2002-02-03 04:05:06' /t
RUN true`,
    });
    const lines = (await listing(site, context)).filter((line) => / t\/(old)?$/.test(line));
    assert.match(lines[0] ?? "", /2002-02-03 04:05:06 t\/$/);
    assert.match(lines[1] ?? "", /2001-02-03 04:05:06 t\/old$/);
  });
});
