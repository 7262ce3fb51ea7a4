import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { startRegistry, type RegistryServer } from "../registry/docker-registry.js";
import { startGha } from "../cache/remote/gha-server.js";
import { s3Credentials, startS3 } from "../cache/remote/s3-server.js";
import { loadBusybox } from "./support/base-images.js";
import { buildLog, stepsOf } from "./support/build-log.js";
import { inspect } from "./support/inspect.js";
import { describeForAccounts } from "./support/site.js";
import { makeDirectory, removeDirectory } from "./support/temporary.js";

/** With a cache mount that tells what the last one of these was given. */
const sum = "RUN --mount=type=cache,target=/last,id=last cat /last/f; cp f /last; md5sum f >/out";

const app = {
  Dockerfile: `FROM busybox AS build
WORKDIR /src
COPY f .
${sum}
FROM busybox
WORKDIR /srv
COPY --from=build /out ./
RUN --mount=type=bind,from=build,source=/src,target=/m cat /m/f >/seen`,
  f: "content\n",
};

/** What was fetched, as --progress=plain tells it. */
function fetched(stderr: string): readonly string[] {
  // a title is told again when it had to wait
  return [...new Set(stderr.match(/\[internal\] fetch the cached layer of .*/g))];
}

describeForAccounts("a cache that travels", (site) => {
  let registry: RegistryServer;
  const roots: string[] = [];

  before(async () => {
    registry = await startRegistry();
  });

  after(async () => {
    for (const root of roots) await removeDirectory(root, site.account);
    await registry[Symbol.asyncDispose]();
  });

  /** Another machine: a store that knows busybox and nothing else. */
  async function machine(): Promise<{ readonly env: Record<string, string> }> {
    const root = makeDirectory(site.account);
    roots.push(root);
    await loadBusybox(site.account, root);
    return { env: { TSBUILD_ROOT: root } };
  }

  it("K17 K19 K24 builds on another machine without running or fetching what nobody needs", async () => {
    const ref = `${registry.host}/team/app:cache`;
    const context = site.context(app);
    const to = `type=registry,ref=${ref},mode=max,mounts=all`;
    await site.ok(["-t", "app", "--cache-to", to, context]);
    const second = await machine();
    const from = ["--cache-from", ref];
    const nothing = ["-o", "type=cacheonly", "--progress=plain", ...from, site.context(app)];
    assert.deepStrictEqual(fetched((await site.ok(nothing, second)).stderr), []);
    const image = await site.ok(["-t", "app", "--progress=plain", ...from, context], second);
    assert.notInclude(image.stderr, "not cached");
    assert.lengthOf(fetched(image.stderr), 3, "those of the image");
    const [found] = JSON.parse((await site.ok(["inspect", "app"], second)).stdout) as [
      { Id: string },
    ];
    assert.strictEqual(found.Id, (await inspect(site, "app")).Id);
    site.write(context, { f: "other\n" });
    const { stderr } = await site.ok(["--progress=plain", ...from, context], second);
    assert.include(stderr, "not cached: f changed", "told by the other machine");
    assert.include(stderr, "not cached: parent changed at COPY f .");
    assert.match(stderr, /^#\d+ [\d.]+ content$/m, "from the cache mount of the other machine");
  });

  it("K20 finds the steps of an image in the image", async () => {
    const name = `${registry.host}/team/inline:1`;
    const context = site.context(app);
    await site.ok(["-t", name, "--push", "--build-arg", "BUILDKIT_INLINE_CACHE=1", context]);
    const steps = await stepsOf(site, ["--cache-from", name, context], await machine());
    assert.strictEqual(steps[sum], "done", "is not of the image");
    assert.strictEqual(steps["COPY --from=build /out ./"], "cached");
    assert.strictEqual(Object.values(steps).at(-1), "cached");
  });

  it("K21 keeps a cache in a directory that skopeo can copy into a registry", async () => {
    const context = site.context(app);
    const to = ["--cache-to", "type=local,dest=shared,mode=max,compression=zstd"];
    await site.ok(["-o", "type=cacheonly", ...to, context]);
    const ref = `${registry.host}/team/copied:cache`;
    const argv = ["copy", "-q", "--dest-tls-verify=false", `oci:${site.directory}/shared:latest`];
    execFileSync("skopeo", ["--insecure-policy", ...argv, `docker://${ref}`], { stdio: "pipe" });
    for (const from of ["type=local,src=shared", `type=registry,ref=${ref}`]) {
      const steps = await stepsOf(site, ["--cache-from", from, context], await machine());
      assert.deepStrictEqual([...new Set(Object.values(steps))], ["cached"], from);
    }
  });

  it("K22 K23 keeps caches in a bucket, and in GitHub's service", async () => {
    await using s3 = await startS3();
    await using gha = await startGha();
    const context = site.context(app);
    const { accessKeyId, secretAccessKey } = s3Credentials;
    const env = {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_REGION: "us-east-1",
      ACTIONS_RESULTS_URL: gha.url.href,
      ACTIONS_RUNTIME_TOKEN: gha.token,
    };
    const bucket = `type=s3,bucket=cache,endpoint_url=${s3.url.href},use_path_style=true`;
    const places = [`${bucket},prefix=ci/,name=main`, "type=gha,scope=main"];
    const to = places.flatMap((place) => ["--cache-to", `${place},mode=max,ignore-error=false`]);
    await site.ok(["-o", "type=cacheonly", ...to, context], { env });
    for (const place of places) {
      const second = await machine();
      const options = { env: { ...env, ...second.env } };
      const steps = await stepsOf(site, ["--cache-from", place, context], options);
      assert.deepStrictEqual([...new Set(Object.values(steps))], ["cached"], place);
    }
  });

  it("K18 K32 builds whatever is wrong with the caches", async () => {
    const context = site.context({ Dockerfile: "FROM busybox\nRUN echo on >/a" });
    const gone = "127.0.0.1:1/team/app:cache";
    const plain = `${registry.host}/team/plain:1`;
    await site.ok(["-t", plain, "--push", context]);
    const flags = [gone, `${registry.host}/none`, plain, "type=local,src=none", "type=gha"].flatMap(
      (from) => ["--cache-from", from],
    );
    const argv = ["--progress=plain", ...flags, "--cache-to", gone, context];
    const { stderr } = await site.ok(argv, await machine());
    for (const why of [
      `registry ${gone} as a cache: Cannot reach`,
      "none:latest as a cache: nothing was exported there yet",
      `registry ${plain} as a cache: it is an image without a cache in it`,
      "Cannot use type=gha without ACTIONS_RESULTS_URL",
      "/none as a cache: nothing was exported there yet",
      `Cannot export the cache to registry ${gone}`,
    ])
      assert.include(stderr, why);
    const strict = ["--cache-to", `type=registry,ref=${gone},ignore-error=false`, context];
    assert.strictEqual((await buildLog(site, strict)).code, 1);
  });
});
