import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describeForAccounts } from "./support/site.js";

describeForAccounts(
  "RUN with mounts",
  (site) => {
    it("R03, R04, R07 shows files and memory, and leaves no trace of them", async () => {
      const context = site.context({
        Dockerfile: `FROM busybox AS one
RUN mkdir -p /out/sub && echo one >/out/sub/f
FROM busybox
WORKDIR /w
RUN --mount=target=rel --mount=source=src/a,target=/deep/er/a --mount=from=one,source=/out,target=/out,rw \\
    --mount=type=tmpfs,target=/t,size=1m \\
    cat rel/src/a /deep/er/a /out/sub/f && ! ls rel/hidden.log && ! touch rel/x && echo new >/out/new && \\
    touch /t/x && ls /out >/list && rm /out/sub/f
RUN ls -d /deep /out /t /w/rel 2>/dev/null; test ! -e /deep && ls -A /w >/left && cat /list`,
        ".dockerignore": "*.log",
        "hidden.log": "",
        "src/a": "alpha\n",
      });
      const { stderr } = await site.ok(["--progress=plain", "-t", "mounts", context]);
      assert.match(stderr, /alpha\n.*alpha\n.*one\n/);
      assert.strictEqual(await site.look("mounts", "cat /list /left"), "new\nsub\n");
      const again = await site.ok(["--progress=plain", context]);
      assert.notMatch(again.stderr, /not cached/);
      site.write(context, { "src/a": "beta\n" });
      const { stderr: reasons } = await site.ok(["--progress=plain", context]);
      assert.match(
        reasons,
        /not cached: content of bind mount \/deep\/er\/a changed, content of bind mount \/w\/rel changed/,
      );
    });

    it("R05, R06 keeps caches between builds, shares or locks them, and wipes them with --no-cache", async () => {
      const step = (n: number, sharing: string): string =>
        `FROM busybox AS s${n}\nARG turn\nRUN --mount=type=cache,id=e2e,target=/c,sharing=${sharing} ` +
        `: ${n} && mkdir /c/busy && sleep 0.2 && rmdir /c/busy && echo x >>/c/log && wc -l </c/log`;
      const all = [1, 2, 3].map((n) => step(n, "locked"));
      const last =
        "FROM scratch\nCOPY --from=s1 /etc /1\nCOPY --from=s2 /etc /2\nCOPY --from=s3 /etc /3";
      const context = site.context({ Dockerfile: [...all, last].join("\n") });
      const counts = async (...flags: string[]): Promise<readonly string[]> => {
        const argv = ["--progress=plain", "--jobs=4", "-o", "cacheonly", ...flags, context];
        const { stderr } = await site.ok(argv);
        return [...stderr.matchAll(/^#\d+ [\d.]+ (\d+)$/gm)].map(([, count = ""]) => count).sort();
      };
      assert.deepStrictEqual(await counts("--build-arg=turn=1"), ["1", "2", "3"]);
      const [a, b] = await Promise.all([
        counts("--build-arg=turn=2"),
        counts("--build-arg=turn=3"),
      ]);
      assert.deepStrictEqual([...a, ...b].sort(), ["4", "5", "6", "7", "8", "9"]);
      assert.deepStrictEqual(await counts("--no-cache"), ["1", "2", "3"]);
      const { stdout } = await site.ok(["du", "--filter", "description~=/e2e$"]);
      assert.match(stdout, /^\S+\* +exec\.cachemount +true +6B +.* cache mount \/e2e\nShared/m);
    });

    it("R08, X14 gives secrets to a step, and their values to nobody else", async () => {
      const value = "s3cr3t-value-7";
      const context = site.context({
        Dockerfile: `FROM busybox
RUN --mount=type=secret,id=tok,required --mount=type=secret,id=var,env=TOKEN --mount=type=secret,id=none \\
    test "$(cat /run/secrets/tok)" = "$TOKEN" && test ! -e /run/secrets/none && echo "$TOKEN" | wc -c`,
      });
      site.write("given", { file: value });
      const flags = [
        "--secret",
        `id=tok,src=${join(site.directory, "given/file")}`,
        "--secret",
        "id=var",
      ];
      const env = { var: value };
      const argv = ["--progress=rawjson", ...flags, "-o", "type=oci,dest=secret.tar", context];
      const { stderr } = await site.ok(argv, { env });
      assert.include(stderr, 'echo \\"****\\"');
      assert.notInclude(stderr, value);
      const holding = spawnGrep(value, site.root);
      assert.strictEqual(holding, "", "a file of the store holds the secret");
      assert.notInclude(readFileSync(join(site.directory, "secret.tar"), "latin1"), value);
      const without = await site.tsbuild(["--no-cache", context]);
      assert.match(without.stderr, /Cannot mount secret "tok": none was given/);
      assert.deepStrictEqual(site.work(), []);
    });

    it("R09 lets a step sign with keys that it never sees", async () => {
      const keys = join(site.directory, "keys");
      site.write("keys", {});
      const key = join(keys, "id");
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "e2e", "-f", key]);
      chmodSync(key, 0o644);
      const list = `use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new($ENV{SSH_AUTH_SOCK}) or die;
syswrite $s, pack("NC", 1, 11); sysread $s, my $keys, 4096; print "has e2e" if $keys =~ /e2e/;
syswrite $s, pack("NC", 1, 19); sysread $s, my $answer, 4096; print " answer ", unpack("xxxxC", $answer), "\\n";`;
      const context = site.context({
        Dockerfile:
          "FROM debian\nCOPY list /\nRUN --mount=type=ssh,required perl /list\nRUN --mount=type=ssh,id=other test ! -e $SSH_AUTH_SOCK",
        list,
      });
      const { stderr } = await site.ok(["--progress=plain", "--ssh", `default=${key}`, context]);
      assert.match(stderr, /has e2e answer 5\n/);
      const without = await site.tsbuild(["--no-cache", context]);
      assert.match(without.stderr, /Cannot mount ssh "default": no agent was given/);
      assert.deepStrictEqual(site.work(), []);
    });

    it("R12 gives devices to a step that is allowed to have them", async () => {
      const node = "    deviceNodes: [{ path: /dev/gadget, hostPath: /dev/zero }]";
      const lines = ["cdiVersion: 0.6.0", "kind: acme.com/gadget", "devices:", "- name: one"];
      const edits = ["  containerEdits:", "    env: [GADGET=yes]", node];
      site.write("cdi", { "acme.yaml": [...lines, ...edits].join("\n") });
      const env = { TSBUILD_CDI_DIRS: join(site.directory, "cdi") };
      const context = site.context({
        Dockerfile: `FROM busybox
RUN --device=mine,required head -c 3 /dev/gadget | wc -c && echo "[$GADGET]"
RUN --device=acme.com/none test ! -e /dev/gadget -a -z "$GADGET"`,
      });
      const allow = ["--progress=plain", "--allow", "device=acme.com/gadget=one,alias=mine"];
      const { stderr } = await site.ok([...allow, context], { env });
      assert.match(stderr, / 3\n.* \[yes\]\n/);
      const refused = site.context({
        Dockerfile: "FROM busybox\nRUN --device=acme.com/gadget true",
      });
      const { stderr: why } = await site.tsbuild([refused], { env });
      assert.match(why, /^Dockerfile:2:5: Cannot run the step: .* device=acme.com\/gadget=one$/m);
    });

    it("R01, F01, F27 limits a step, names hosts, and tells how it ended", async () => {
      const context = site.context({
        Dockerfile:
          "FROM busybox\nRUN grep -c example /etc/hosts; head -c 100m /dev/zero | tail -c 100m",
      });
      const flags = ["--add-host", "example=[::1],1.2.3.4", "--progress=plain"];
      const limits = ["--memory=16m", "--memory-swap=16m"];
      const { stderr, code } = await site.tsbuild([...flags, ...limits, context]);
      assert.strictEqual(code, 1);
      const why =
        site.account.uid === 0
          ? /process "\/bin\/sh -c .*" did not complete successfully: exit code: 137: cannot allocate memory/
          : /Cannot limit the step: an ordinary user has no cgroups\n/;
      assert.match(stderr, why);
      const coded = site.context({ Dockerfile: "FROM busybox\nRUN exit 137" });
      const plain = await site.tsbuild([coded]);
      assert.match(plain.stderr, /exit code: 137\n/);
      assert.notMatch(plain.stderr, /cannot allocate memory|killed by/);
    });
  },
  { own: true, debian: true },
);

/** Names of files below a directory that hold the text. */
function spawnGrep(text: string, directory: string): string {
  try {
    return execFileSync("grep", ["-rl", "--", text, directory], { encoding: "utf8" });
  } catch {
    return readdirSync(directory).length > 0 ? "" : "nothing was searched";
  }
}
