import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { reply, startRogue } from "../registry/rogue-server.js";
import { testsRunAsRoot, type Account } from "./support/accounts.js";
import { program, run, type Result } from "./support/run.js";
import { skipBecause } from "./support/needs.js";
import { describeForAccounts } from "./support/site.js";
import { makeDirectory, removeDirectory, type Files } from "./support/temporary.js";

interface Case {
  readonly name: string;
  readonly files: Files;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly code?: number;
  /** The first line of the error. */
  readonly message: RegExp;
}

const dockerfile = (text: string): Files => ({ Dockerfile: text });

const cases: readonly Case[] = [
  {
    name: "an instruction that does not exist",
    files: dockerfile("FROM busybox\nCPOY a b"),
    message: /^Dockerfile:2:1: Cannot .*CPOY/m,
  },
  {
    name: "a file that is not there",
    files: dockerfile("FROM busybox\nCOPY missing.txt /"),
    message: /^Dockerfile:2:\d+: Cannot .*"missing.txt"/m,
  },
  {
    name: "a file that .dockerignore takes away",
    files: {
      ...dockerfile("FROM busybox\nCOPY secret /"),
      secret: "x",
      ".dockerignore": "secret\n",
    },
    message: /^Dockerfile:2:\d+: Cannot .*"secret"[^]*\.dockerignore/m,
  },
  {
    name: "a command that fails, with its last output",
    files: dockerfile("FROM busybox\nRUN echo before the end && exit 42"),
    message: /before the end\n[^]*^Dockerfile:2:1: Cannot .*exit code: 42/m,
  },
  {
    name: "a command that fails, with its last output in spite of -q",
    files: dockerfile("FROM busybox\nRUN echo before the end && exit 42"),
    flags: ["-q"],
    message: /before the end\n[^]*^Dockerfile:2:1: Cannot .*exit code: 42/m,
  },
  {
    name: "a user that the image does not know",
    files: dockerfile("FROM busybox\nUSER ghost\nRUN true"),
    message: /^Dockerfile:3:1: Cannot .*"ghost"/m,
  },
  {
    name: "a registry that is down",
    files: dockerfile("FROM 127.0.0.1:1/no/image"),
    message: /^Dockerfile:1:6: Cannot .*127\.0\.0\.1:1/m,
  },
  {
    name: "a stage that does not exist",
    files: dockerfile("FROM busybox AS build\nRUN true"),
    flags: ["--target", "biuld"],
    message: /Cannot .*"biuld"[^]*did you mean "?build/,
  },
  {
    name: "a container runtime that is not there",
    files: dockerfile("FROM busybox\nRUN echo no runtime"),
    env: { TSBUILD_RUNTIME: "/nonexistent" },
    message: /Cannot .*\/nonexistent/,
  },
  {
    name: "a flag that does not exist",
    files: dockerfile("FROM busybox"),
    flags: ["--tga", "x"],
    code: 2,
    message: /^ERROR: Cannot use --tga: no such flag\nhint: did you mean --tag\?/,
  },
  {
    name: "a flag that is not supported",
    files: dockerfile("FROM busybox"),
    flags: ["--policy", "x.rego"],
    message: /^ERROR: Cannot use --policy: not supported yet/,
  },
  {
    name: "an instruction's flag that is not supported",
    files: dockerfile("FROM busybox\nRUN --mount=type=cahe,target=/c true"),
    message: /^Dockerfile:2:\d+: Cannot use --mount=.*: unsupported mount type "cahe"/m,
  },
  {
    name: "a Dockerfile that is not there",
    files: { other: "" },
    message: /^ERROR: Cannot find a Dockerfile in /m,
  },
  {
    name: "an empty Dockerfile",
    files: dockerfile(""),
    message: /Cannot .*Dockerfile.*empty|Dockerfile:1:1: Cannot .*empty/,
  },
];

/** One message for people: no stack trace, nothing of our own source. */
function assertClear({ stderr }: Result): void {
  assert.notMatch(stderr, /^ +at |\.ts:\d+|\.cjs:\d+|a bug in tsbuild|undefined/m);
  assert.lengthOf(stderr.match(/^(?:ERROR: |Dockerfile:\d+:\d+: )Cannot /gm) ?? [], 1, stderr);
}

describeForAccounts("a clear message tells of", (site) => {
  for (const { name, files, flags = [], env = {}, code = 1, message } of cases) {
    it(name, async () => {
      const result = await site.tsbuild([...flags, site.context(files)], { env });
      assert.match(result.stderr, message);
      assert.strictEqual(result.code, code);
      assertClear(result);
      assert.isEmpty(site.work());
    });
  }

  it("an image that the registry does not have", async () => {
    await using registry = await startRogue((_, response) => {
      const body = JSON.stringify({ errors: [{ code: "MANIFEST_UNKNOWN", message: "unknown" }] });
      reply(response, 404, { body });
    });
    const Dockerfile = `FROM ${registry.host}/no/such:image`;
    const result = await site.tsbuild([site.context({ Dockerfile })]);
    assert.match(result.stderr, /^Dockerfile:1:6: Cannot .*no\/such:image/m);
    assert.strictEqual(result.code, 1);
    assertClear(result);
  });

  it("a registry that sends something else than it promised", async () => {
    const config = Buffer.from(
      JSON.stringify({
        architecture: "amd64",
        os: "linux",
        rootfs: { type: "layers", diff_ids: [] },
      }),
    );
    const digest = `sha256:${createHash("sha256").update(config).digest("hex")}`;
    const type = "application/vnd.oci.image.manifest.v1+json";
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: type,
      config: {
        mediaType: "application/vnd.oci.image.config.v1+json",
        digest,
        size: config.byteLength,
      },
      layers: [],
    });
    await using registry = await startRogue(({ line }, response) => {
      if (line.includes("/manifests/"))
        reply(response, 200, { headers: { "Content-Type": type }, body: manifest });
      else if (line.includes("/blobs/"))
        reply(response, 200, { body: "x".repeat(config.byteLength) });
      else reply(response, 200);
    });
    const Dockerfile = `FROM ${registry.host}/lying:1`;
    const result = await site.tsbuild([site.context({ Dockerfile })]);
    assert.match(result.stderr, /^Dockerfile:1:6: Cannot .*sha256:/m);
    assert.strictEqual(result.code, 1);
    assertClear(result);
  });
});

describeForAccounts("a full disk", (site) => {
  const dockerfiles = [
    ["a RUN", "FROM busybox\nRUN dd if=/dev/zero of=/big bs=1M count=40"],
    ["a COPY", "FROM busybox\nCOPY big /"],
  ] as const;
  for (const [name, Dockerfile] of dockerfiles) {
    it(`ends ${name} with a clear message, and leaves a store that works`, async function () {
      if (!testsRunAsRoot) skipBecause(this, "only root can mount a small file system");
      const context = site.context({ Dockerfile, big: Buffer.alloc(40 << 20, 1) });
      const root = makeDirectory(site.account);
      const mode = `size=24m,mode=700,uid=${site.account.uid},gid=${site.account.gid}`;
      execFileSync("mount", ["-t", "tmpfs", "-o", mode, "tmpfs", root]);
      try {
        const env = { TSBUILD_ROOT: root };
        await site.ok(["save", "-o", "busybox.tar", "busybox"]);
        await site.ok(["load", "-q", "-i", "busybox.tar"], { env });
        const result = await site.tsbuild([context], { env });
        assert.strictEqual(result.code, 1);
        assert.match(result.stderr, /[Nn]o space left on device|the disk is full/);
        assertClear(result);
        await site.ok([site.context({ Dockerfile: "FROM busybox\nRUN echo small >/x" })], { env });
        assert.isEmpty(readdirSync(join(root, "work")));
      } finally {
        execFileSync("umount", ["--lazy", root]);
        await removeDirectory(root, site.account);
      }
    });
  }
});

describe("an account without subordinate ids", () => {
  it("is told how to get them", async function () {
    if (!testsRunAsRoot) skipBecause(this, "only root can be somebody else");
    const nobody: Account = { title: "nobody", name: "nobody", home: "/", uid: 65534, gid: 65534 };
    const result = await run(nobody, [program, "images"]);
    assert.strictEqual(result.code, 1);
    assert.match(result.stderr, /^ERROR: Cannot start: user "nobody" has no subordinate ids in /);
    assert.match(
      result.stderr,
      /^hint: sudo usermod --add-subuids \d+-\d+ --add-subgids \d+-\d+ /m,
    );
    assertClear(result);
  });
});
