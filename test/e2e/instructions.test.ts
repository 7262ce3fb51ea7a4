import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { stepsOf } from "./support/build-log.js";
import { inspect } from "./support/inspect.js";
import { describeForAccounts, type Site } from "./support/site.js";
import type { Files } from "./support/temporary.js";

async function build(site: Site, dockerfile: string, files: Files = {}): Promise<string> {
  const context = site.context({ Dockerfile: dockerfile, ...files });
  await site.ok(["-t", "built", context]);
  return "built";
}

describeForAccounts("instructions", (site) => {
  const everything = `# syntax=docker/dockerfile:1
ARG TAG=latest
FROM busybox:$TAG AS base
MAINTAINER somebody <some@body>
ARG LEVEL=3
ENV NAME=value QUOTED="two words"
ENV LATER=\${NAME}-$LEVEL
LABEL org.test.name="$NAME" empty=""
SHELL ["/bin/sh", "-e", "-c"]
WORKDIR /work
WORKDIR sub
COPY --chown=www-data:33 --chmod=640 data.txt ./
ADD archive.tar unpacked/
RUN false || echo "$LEVEL $QUOTED" >run.txt
EXPOSE 80 53/udp 9000-9001
VOLUME ["/data", "/more"]
USER www-data
RUN id -un >/tmp/who
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=5s --timeout=2s --start-period=1s --retries=4 CMD test -e /ok
ENTRYPOINT ["/bin/echo"]
CMD ["hello", "$NAME"]
`;

  before(async () => {
    const files = { Dockerfile: everything, "data.txt": "data\n", "in/tar.txt": "x" };
    const context = site.context(files);
    const archive = join(context, "archive.tar");
    execFileSync("tar", [
      "-C",
      join(context, "in"),
      "--owner=0",
      "--group=0",
      "-cf",
      archive,
      "tar.txt",
    ]);
    await site.ok(["-t", "all", context]);
  });

  it("are all written into the config", async () => {
    const { Author, Config } = await inspect(site, "all");
    assert.strictEqual(Author, "somebody <some@body>");
    assert.deepStrictEqual(Config, {
      ArgsEscaped: true,
      User: "www-data",
      ExposedPorts: { "53/udp": {}, "80/tcp": {}, "9000/tcp": {}, "9001/tcp": {} },
      Env: [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "NAME=value",
        "QUOTED=two words",
        "LATER=value-3",
      ],
      Entrypoint: ["/bin/echo"],
      Cmd: ["hello", "$NAME"],
      Volumes: { "/data": {}, "/more": {} },
      WorkingDir: "/work/sub",
      Labels: { empty: "", "org.test.name": "value" },
      StopSignal: "SIGQUIT",
      Healthcheck: {
        Test: ["CMD-SHELL", "test -e /ok"],
        Interval: 5e9,
        Timeout: 2e9,
        StartPeriod: 1e9,
        Retries: 4,
      },
      Shell: ["/bin/sh", "-e", "-c"],
    });
  });

  it("leave the files that they say", async () => {
    const script = `stat -c '%a %U:%G %n' data.txt run.txt unpacked/tar.txt . && cat run.txt /tmp/who`;
    assert.deepStrictEqual((await site.look("all", script)).trim().split("\n"), [
      "640 www-data:www-data data.txt",
      "644 root:root run.txt",
      "644 root:root unpacked/tar.txt",
      "755 root:root .",
      "3 two words",
      "www-data",
    ]);
  });

  it("decide how the image runs", async () => {
    assert.strictEqual((await site.ok(["run", "all"])).stdout, "hello $NAME\n");
    assert.strictEqual((await site.ok(["run", "all", "bye"])).stdout, "bye\n");
  });

  it("are told by history, newest first", async () => {
    const { stdout } = await site.ok(["history", "--no-trunc", "all"]);
    const lines = stdout.trim().split("\n").slice(1);
    assert.match(lines[0] ?? "", /CMD \["hello" "\$NAME"\] +0B +buildkit.dockerfile.v0$/);
    assert.lengthOf(
      lines.filter((line) => / RUN /.test(line)),
      2,
    );
    assert.match(lines.at(-1) ?? "", /base busybox/);
  });

  it("ONBUILD runs when a child is built, and is kept no longer", async () => {
    const parent = site.context({
      Dockerfile: "FROM busybox\nONBUILD COPY app /app\nONBUILD RUN cat /app >/copied",
    });
    await site.ok(["-t", "parent", parent]);
    const { Config } = await inspect(site, "parent");
    assert.deepStrictEqual(Config["OnBuild"], ["COPY app /app", "RUN cat /app >/copied"]);
    const child = site.context({
      Dockerfile: "FROM parent\nRUN cat /copied >/again",
      app: "app\n",
    });
    await site.ok(["-t", "child", child]);
    assert.strictEqual(await site.look("child", "cat /again"), "app\n");
    assert.notProperty((await inspect(site, "child")).Config, "OnBuild");
  });

  it("RUN and COPY take heredocs: for the shell, for another interpreter, as files", async () => {
    const image = await build(
      site,
      `FROM busybox
ENV WHO=world
RUN <<EOF
echo "hello $WHO" >/shell
echo second >>/shell
EOF
RUN <<EOF
#!/bin/awk -f
BEGIN { print 6 * 7 >"/awk" }
EOF
RUN cat - <<ONE >/plain
one
ONE
COPY <<expanded <<"literal" /files/
$WHO
expanded
$WHO
literal
`,
    );
    const files = await site.look(image, "cat /shell /awk /plain /files/expanded /files/literal");
    assert.strictEqual(files, "hello world\nsecond\n42\none\nworld\n$WHO\n");
  });

  it("USER is anybody, by name, id and group", async () => {
    const image = await build(
      site,
      `FROM busybox
RUN echo app:x:1234:1234::/:/bin/sh >>/etc/passwd && printf 'app:x:1234:\\nextra:x:77:app\\n' >>/etc/group
RUN mkdir /out && chmod 777 /out
USER app
RUN id >/out/name
USER 1234
RUN id >/out/id
USER app:daemon
RUN id >/out/group
USER 4321:8765
RUN id >/out/numbers; touch /out/owned`,
    );
    const out = await site.look(
      image,
      "cat /out/name /out/id /out/group /out/numbers; stat -c %u:%g /out/owned",
    );
    assert.deepStrictEqual(out.trim().split("\n"), [
      "uid=1234(app) gid=1234(app) groups=77(extra),1234(app)",
      "uid=1234(app) gid=1234(app) groups=77(extra),1234(app)",
      "uid=1234(app) gid=1(daemon) groups=1(daemon)",
      "uid=4321 gid=8765 groups=8765",
      "4321:8765",
    ]);
  });

  it("COPY knows the base's users, and makes directories", async () => {
    const image = await build(
      site,
      `FROM busybox
RUN echo app:x:1500:1500::/:/bin/sh >>/etc/passwd && echo app:x:1500: >>/etc/group
COPY --chown=app a/ /srv/app/
COPY --chown=7:8 a/one /srv/renamed
COPY --chmod=755 a/one /srv/bin/
COPY a/* b /flat/`,
      { "a/one": "1", "a/two": "2", "a/deep/three": "3", "b/four": "4" },
    );
    const names = "app app/one app/deep app/deep/three renamed bin/one";
    const seen = await site.look(image, `cd /srv; stat -c '%a %u:%g %n' ${names}; ls /flat`);
    assert.deepStrictEqual(seen.trim().split("\n"), [
      "755 1500:1500 app",
      "644 1500:1500 app/one",
      "755 1500:1500 app/deep",
      "644 1500:1500 app/deep/three",
      "644 7:8 renamed",
      "755 0:0 bin/one",
      "four",
      "one",
      "three",
      "two",
    ]);
  });

  it("FROM scratch holds only what is copied", async () => {
    const context = site.context({
      Dockerfile: "FROM scratch\nCOPY file /dir/\nWORKDIR /made",
      file: "x",
    });
    await site.ok(["-t", "bare", "-o", "type=image", "-o", "type=tar,dest=bare.tar", context]);
    const listed = execFileSync("tar", ["-tf", join(site.directory, "bare.tar")], {
      encoding: "utf8",
    });
    assert.sameMembers(listed.trim().split("\n"), ["dir/", "dir/file", "made/"]);
    const { RootFS, Config } = await inspect(site, "bare");
    assert.lengthOf(RootFS.Layers, 2);
    assert.strictEqual(Config["WorkingDir"], "/made");
  });

  it("of stages that the target does not need are not looked at", async () => {
    const context = site.context({
      Dockerfile: `FROM busybox AS one
RUN echo needed >/one
FROM no.such.registry.example/nothing AS never
RUN echo never
FROM busybox AS two
COPY --from=one /one /
FROM two
RUN echo last`,
    });
    const steps = await stepsOf(site, ["-t", "last", context]);
    assert.deepStrictEqual(steps, {
      "COPY --from=one /one /": "done",
      "RUN echo last": "done",
      "RUN echo needed >/one": "done",
    });
    const target = await stepsOf(site, ["--target", "ONE", context]);
    assert.deepStrictEqual(target, { "RUN echo needed >/one": "cached" });
  });
});
