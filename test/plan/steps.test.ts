import { assert } from "chai";
import { BuildError, type BuildErrorCode } from "../../src/error.js";
import { parseDigest } from "../../src/oci/digest.js";
import { joinDestination, joinWorkdir } from "../../src/plan/paths.js";
import { goDuration } from "../../src/plan/go-format.js";
import type { CopyStep, Step } from "../../src/plan/step.js";
import { planOf, stepOf } from "./planning.js";

describe("joinDestination()", () => {
  const cases = [
    ["/w", "a", "/w/a"],
    ["/w", "a/", "/w/a/"],
    ["/w", "", "/w/"],
    ["/w", ".", "/w/"],
    ["/w", "./", "/w/"],
    ["/w", "a/.", "/w/a/"],
    ["/w", "..", "/"],
    ["/w/x", "..", "/w/"],
    ["/w", "../../../etc", "/etc"],
    ["/w", "/abs//b/./c", "/abs/b/c"],
    ["/w", "//abs", "/abs"],
    ["/w", "a..", "/w/a.."],
    ["/w", ".hidden", "/w/.hidden"],
    ["/", "/", "/"],
    ["", "a", "/a"],
  ] as const;
  for (const [workdir, path, want] of cases) {
    it(`C03: ${workdir} and "${path}" give ${want}`, () => {
      assert.strictEqual(joinDestination(workdir, path), want);
    });
  }

  it("I07: joinWorkdir() never ends in a slash", () => {
    assert.deepEqual(
      ["x/", "", "/", "..", "/y/./z//"].map((path) => joinWorkdir("/w", path)),
      ["/w/x", "/w", "/", "/", "/y/z"],
    );
  });
});

describe("goDuration()", () => {
  for (const [nanoseconds, want] of [
    [0, "0s"],
    [1, "1ns"],
    [1_500, "1.5µs"],
    [2_500_000, "2.5ms"],
    [1e9, "1s"],
    [60e9, "1m0s"],
    [3_661_500_000_000, "1h1m1.5s"],
    [3_600e9, "1h0m0s"],
  ] as const) {
    it(`H01: prints ${nanoseconds} as ${want}`, () => {
      assert.strictEqual(goDuration(nanoseconds), want);
    });
  }
});

const digest = parseDigest(`sha256:${"1".repeat(64)}`);

function sourcesOf(step: Step | undefined): CopyStep["sources"] {
  if (step?.kind !== "copy") throw new Error("it is no COPY");
  return step.sources;
}

describe("makePlan(): COPY and ADD", () => {
  it("C22, C23, C24: knows what ADD is to download", () => {
    const plan = planOf(
      [
        "FROM base",
        "ARG host=x.org",
        `ADD --checksum=${digest} https://$host/d/a%20b.txt?q /`,
        "ADD --unpack https://x.org http://x.org/a/ https://x.org/a%00b local /",
        "ADD --keep-git-dir=true git@x.org:a/b.git#v1:sub /",
        "ADD github.com/u/r /",
      ].join("\n"),
    );
    const [first, several, git, local] = plan.stages[0]?.steps ?? [];
    const http = { kind: "http", checksum: undefined, unpack: false } as const;
    assert.deepEqual(sourcesOf(first), [
      { ...http, url: "https://x.org/d/a%20b.txt?q", name: "a b.txt", checksum: digest },
    ]);
    assert.deepEqual(sourcesOf(several), [
      { ...http, url: "https://x.org", name: "__unnamed__", unpack: true },
      { ...http, url: "http://x.org/a/", name: "a", unpack: true },
      { ...http, url: "https://x.org/a%00b", name: "__unnamed__", unpack: true },
      "local",
    ]);
    assert.deepInclude(sourcesOf(git)[0], {
      ...{ kind: "git", remote: "git@x.org:a/b.git", ref: "v1", subdir: "sub" },
      ...{ keepGitDir: true, submodules: true, checksum: undefined },
    });
    assert.deepEqual(sourcesOf(local), ["github.com/u/r"]);
  });

  it("C01, C03: expands sources and joins the destination with WORKDIR", () => {
    const plan = planOf("FROM base\nENV s=src d=out\nWORKDIR /w\nCOPY $s/* [c] ${d}/");
    const { sources, destination, origin, title } = stepOf(plan, "copy");
    assert.deepEqual(sources, ["src/*", "[c]"]);
    assert.strictEqual(destination, "/w/out/");
    assert.deepEqual(origin, { kind: "context" });
    assert.strictEqual(title, "COPY src/* [c] out/");
  });

  it("C13, C14, C16: keeps --chown, --chmod and --link, expanded", () => {
    const plan = planOf("FROM base\nARG u=me m=640\nCOPY --chown=$u:adm --chmod=$m --link a /");
    const { chown, chmod, link } = stepOf(plan, "copy");
    assert.deepEqual({ chown, chmod, link }, { chown: "me:adm", chmod: "640", link: true });
  });

  it("C21: ADD unpacks unless told not to, COPY never does", () => {
    const plan = planOf("FROM base\nADD a /\nADD --unpack=false a /\nCOPY --link=false a /");
    const unpack = [0, 1, 2].map((index) => stepOf(plan, "copy", index).unpack);
    assert.deepEqual(unpack, [true, false, false]);
    assert.isFalse(stepOf(plan, "copy", 2).link);
  });

  it("P17: heredocs are files, expanded unless the delimiter is quoted", () => {
    const plan = planOf("FROM base\nENV v=1\nCOPY <<a <<'b' x /d/\n'$v' \\$v\na\n$v\nb");
    const { files, sources } = stepOf(plan, "copy");
    assert.deepEqual(sources, ["x"]);
    assert.deepEqual(files, [
      { name: "a", body: "'1' $v\n" },
      { name: "b", body: "$v\n" },
    ]);
  });
});

describe("makePlan(): RUN", () => {
  it("R01: shell form goes through SHELL verbatim, exec form as it is", () => {
    const plan = planOf('FROM base\nENV a=1\nRUN echo \'$a\'  $b\nRUN ["x", "$a"]');
    assert.deepEqual(stepOf(plan, "run", 0).argv, ["/bin/sh", "-c", "echo '$a'  $b"]);
    assert.deepEqual(stepOf(plan, "run", 1).argv, ["x", "$a"]);
  });

  it("X14: the title shows what is set and keeps the rest", () => {
    const plan = planOf('FROM base\nENV a=1\nrun echo "$a" ${b} \\$a ${}');
    assert.strictEqual(stepOf(plan, "run").title, 'RUN echo "$a" ${b} \\$a ${}');
    const good = planOf('FROM base\nENV a=1\nrun echo "$a" ${b} \\$a');
    assert.strictEqual(stepOf(good, "run").title, 'RUN echo "1" ${b} \\$a');
  });

  it("P16: a heredoc alone is the shell's text, and never expanded", () => {
    const { argv, script, title } = stepOf(
      planOf("FROM base\nENV a=1\nRUN <<EOF\necho $a\ntrue\nEOF"),
      "run",
    );
    assert.deepEqual(argv, ["/bin/sh", "-c", "echo $a\ntrue\n"]);
    assert.isUndefined(script);
    assert.strictEqual(title, "RUN <<EOF (echo $a...)");
  });

  it("P16: a heredoc with its interpreter is a script", () => {
    const plan = planOf("FROM base\nRUN <<'EOF'\n#!/usr/bin/env python\nprint(1)\nEOF");
    const { argv, script } = stepOf(plan, "run");
    assert.deepEqual(argv, ["/dev/pipes/EOF"]);
    assert.deepEqual(script, { name: "EOF", body: "#!/usr/bin/env python\nprint(1)\n" });
    const history = plan.stages[0]?.history[0]?.entry.created_by;
    assert.strictEqual(history, "RUN /bin/sh -c /dev/pipes/EOF # buildkit");
  });

  it("P16: heredocs with text around them are handed to the shell", () => {
    const plan = planOf("FROM base\nRUN cat <<-A 3<<'B' >x\n\tone\n\tA\n#!two $a\nB\nRUN y");
    const want = "cat <<-A 3<<'B' >x\n\tone\nA\n#!two $a\nB";
    assert.deepEqual(stepOf(plan, "run").argv, ["/bin/sh", "-c", want]);
    assert.strictEqual(stepOf(plan, "run").title, "RUN cat <<-A 3<<'B' >x");
  });

  it("R10, R11: takes --network and --security, else (or with default) what the build says", () => {
    const text =
      "FROM base\nRUN --network=none --security=insecure x\nRUN x\nRUN --network=default x";
    const plan = planOf(text, { network: "host" });
    const modes = [0, 1, 2].map((index) => {
      const { network, security } = stepOf(plan, "run", index);
      return { network, security };
    });
    assert.deepEqual(modes, [
      { network: "none", security: "insecure" },
      { network: "host", security: "sandbox" },
      { network: "host", security: "sandbox" },
    ]);
  });

  it("R01: runs as USER in WORKDIR, which a base may leave open", () => {
    const plan = planOf("FROM base\nRUN x", {
      images: { base: { User: "1:2", WorkingDir: "/a/" } },
    });
    assert.deepEqual([stepOf(plan, "run").user, stepOf(plan, "run").cwd], ["1:2", "/a"]);
    const open = planOf("FROM base\nRUN x", { images: { base: { WorkingDir: "" } } });
    assert.deepEqual([stepOf(open, "run").user, stepOf(open, "run").cwd], ["", "/"]);
  });
});

describe("makePlan(): what it refuses", () => {
  const cases: readonly { line: string; code: BuildErrorCode; message: string; at: string }[] = [
    {
      line: "ADD --checksum=sha256:0 a /",
      code: "COPY",
      message: "checksum requires HTTP(S) or Git sources",
      at: "--checksum=sha256:0",
    },
    {
      line: "ADD --checksum=sha256:0 https://x.org/a https://x.org/b /",
      code: "INVALID_REFERENCE",
      message: 'Cannot parse digest "sha256:0"',
      at: "https://x.org/a",
    },
    {
      line: `ADD --checksum=${digest} https://x.org/a https://x.org/b /`,
      code: "COPY",
      message: "checksum can't be specified for multiple sources",
      at: `--checksum=${digest}`,
    },
    {
      line: "ADD --checksum=xyz git@x.org:a /",
      code: "COPY",
      message: 'the checksum "xyz" is not a commit',
      at: "git@x.org:a",
    },
    {
      line: "ADD --checksum=abc https://x.org/a.git?checksum=abd /",
      code: "COPY",
      message: "the checksum is abc by flag and abd by URL",
      at: "https://x.org/a.git?checksum=abd",
    },
    {
      line: "ADD --keep-git-dir https://x.org/a.git?keep-git-dir=false /",
      code: "COPY",
      message: "keep-git-dir is true by flag and false by URL",
      at: "https://x.org/a.git?keep-git-dir=false",
    },
    {
      line: "ADD https://x.org/a.git?what=1 /",
      code: "USAGE",
      message: 'unexpected query "what"',
      at: "https://x.org/a.git?what=1",
    },
    {
      line: "ADD https://x.org:x/a /",
      code: "COPY",
      message: "it is not a URL",
      at: "https://x.org:x/a",
    },
    {
      line: "COPY https://x.org/a /",
      code: "COPY",
      message: "source can't be a URL for COPY",
      at: "https://x.org/a",
    },
    {
      line: "COPY ssh://x.org/a /",
      code: "COPY",
      message: "source can't be a git ref for COPY",
      at: "ssh://x.org/a",
    },
    {
      line: "COPY --from=scratch a /",
      code: "STAGE",
      message: 'Cannot copy from "scratch"',
      at: "--from=scratch",
    },
    { line: "COPY --from=Bad a /", code: "INVALID_REFERENCE", message: "Bad", at: "--from=Bad" },
  ];
  for (const { line, code, message, at } of cases) {
    it(`${line} is ${code}`, () => {
      try {
        planOf(`FROM base\n${line}`);
      } catch (error) {
        if (!(error instanceof BuildError)) throw error;
        assert.strictEqual(error.code, code);
        assert.include(error.message, message);
        assert.strictEqual(error.at?.source.text.slice(error.at.start, error.at.end), at);
        return;
      }
      assert.fail("no error");
    });
  }

  it("what is not supported does no harm in a stage that is never built", () => {
    assert.strictEqual(
      planOf("FROM a AS x\nRUN --device=a.b/c=d y\nFROM scratch").stages.length,
      1,
    );
  });
});
