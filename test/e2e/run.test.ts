import { assert } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describeForAccounts } from "./support/site.js";

describeForAccounts("tsbuild run", (site) => {
  before(async () => {
    const Dockerfile = `FROM busybox
ENV A=image
WORKDIR /work
USER www-data
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["echo default"]`;
    await site.ok(["-t", "runs", site.context({ Dockerfile })]);
  });

  const cases: readonly {
    readonly name: string;
    readonly argv: readonly string[];
    readonly input?: string;
    readonly want: string;
  }[] = [
    { name: "runs what the image says", argv: ["runs"], want: "default\n" },
    {
      name: "takes words in the place of CMD",
      argv: ["runs", "echo $A; id -un; pwd"],
      want: "image\nwww-data\n/work\n",
    },
    {
      name: "sets variables",
      argv: ["-e", "A=mine", "--env=B=2", "runs", "echo $A $B"],
      want: "mine 2\n",
    },
    { name: "sets the user", argv: ["-u", "0:0", "runs", "id -u"], want: "0\n" },
    { name: "sets the directory", argv: ["-w", "/tmp", "runs", "pwd"], want: "/tmp\n" },
    {
      name: "replaces the entrypoint",
      argv: ["--entrypoint", "echo", "runs", "-n", "x"],
      want: "x",
    },
    {
      name: "passes standard input on with -i",
      argv: ["-i", "runs", "cat"],
      input: "sent",
      want: "sent",
    },
    {
      name: "has only a loopback with --network none",
      argv: ["--network=none", "runs", "ls /sys/class/net"],
      want: "lo\n",
    },
  ];
  for (const { name, argv, input = "", want } of cases) {
    it(name, async () => {
      const { stdout } = await site.ok(["run", "--rm", ...argv], { input });
      assert.strictEqual(stdout, want);
    });
  }

  for (const [script, code] of [
    ["exit 0", 0],
    ["exit 7", 7],
    ["sh -c 'kill -9 $$'; exit $?", 137],
    ["no-such-program", 127],
  ] as const) {
    it(`ends with ${code} after "${script}"`, async () => {
      assert.strictEqual((await site.tsbuild(["run", "runs", script])).code, code);
    });
  }

  it("shows directories of this machine, to write or only to read", async () => {
    site.write("shared", { file: "from outside\n" });
    const mount = ["run", "-u", "0", "-v", "./shared:/shared"];
    await site.ok([...mount, "runs", "cat /shared/file && echo inside >/shared/new"]);
    assert.strictEqual(readFileSync(join(site.directory, "shared/new"), "utf8"), "inside\n");
    const { code, stderr } = await site.tsbuild([
      ...["run", "-u", "0", "-v", "./shared:/shared:ro"],
      ...["runs", "echo x >/shared/other"],
    ]);
    assert.notStrictEqual(code, 0);
    assert.match(stderr, /Read-only file system/);
  });

  it("keeps nothing of what a container wrote", async () => {
    await site.ok(["run", "-u", "0", "runs", "echo x >/written"]);
    assert.strictEqual(
      (await site.ok(["run", "runs", "ls / | grep -c written || true"])).stdout,
      "0\n",
    );
  });

  it("cannot run an image that nobody has", async () => {
    const { code, stderr } = await site.tsbuild(["run", "127.0.0.1:1/no/such:image"]);
    assert.strictEqual(code, 125);
    assert.match(stderr, /^ERROR: Cannot /);
  });
});
