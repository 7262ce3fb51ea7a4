import { assert } from "chai";
import { exitCodeOf } from "../../src/cli/exit-code.js";
import { renderError } from "../../src/cli/render-error.js";
import { BuildError, type Span } from "../../src/error.js";

const bare = { color: false, debug: false };

/** Marks the text between « and » in a Dockerfile. */
function spanOf(marked: string, name = "Dockerfile"): Span {
  const start = marked.indexOf("«");
  const end = marked.indexOf("»") - 1;
  return { source: { name, text: marked.replace(/[«»]/g, "") }, start, end };
}

function located(marked: string, hint?: string): BuildError {
  return new BuildError("COPY", "Cannot do it", { at: spanOf(marked), hint });
}

function systemError(code: string, syscall: string, path?: string): Error {
  return Object.assign(new Error(code), { code, syscall, path });
}

const cases: readonly { readonly name: string; readonly error: unknown; readonly want: string }[] =
  [
    {
      name: "underlines the guilty text and ends with the hint",
      error: located("FROM a\nCOPY «dist/app.js» /srv/\n", 'the file ".dockerignore" excludes it'),
      want: `Dockerfile:2:6: Cannot do it
  2 | COPY dist/app.js /srv/
           ~~~~~~~~~~~
hint: the file ".dockerignore" excludes it
`,
    },
    {
      name: "keeps the underline below the text after tabs and wide characters",
      error: located("RUN\t漢字 «x\ty» z"),
      want: `Dockerfile:1:8: Cannot do it
  1 | RUN     漢字 x       y z
                   ~~~~~~~~~
`,
    },
    {
      name: "shows no carriage return",
      error: located("FROM a\r\nRUN «b»\r\n"),
      want: `Dockerfile:2:5: Cannot do it
  2 | RUN b
          ~
`,
    },
    {
      name: "points behind the last character",
      error: located("FROM«»\n"),
      want: `Dockerfile:1:5: Cannot do it
  1 | FROM
          ~
`,
    },
    {
      name: "points into an empty file",
      error: located("«»"),
      want: `Dockerfile:1:1: Cannot do it
  1 |
      ~
`,
    },
    {
      name: "marks several lines in the gutter",
      error: located(`${"\n".repeat(7)}«RUN a \\\n  && b \\\n  && c»\nRUN d`),
      want: `Dockerfile:8:1: Cannot do it
   8 > RUN a \\
   9 >   && b \\
  10 >   && c
`,
    },
    {
      name: "leaves out the end of many lines",
      error: located(`«RUN <<E\n${"x\n".repeat(20)}E»`),
      want: `Dockerfile:1:1: Cannot do it
  1 > RUN <<E
  2 > x
  3 > x
  4 > x
  5 > x
  6 > x
    > … 16 more lines
`,
    },
    {
      name: "cuts a very long line around the guilty text",
      error: located(`${"a".repeat(500)} «bad» ${"c".repeat(500)}`),
      want: `Dockerfile:1:502: Cannot do it
  1 | …${"a".repeat(48)} bad ${"c".repeat(45)}…
${" ".repeat(56)}~~~
`,
    },
    {
      name: "shows escapes of the source as nothing",
      error: new BuildError("SYNTAX", "Cannot read \x1b[2J", { at: spanOf("\x1b[31m«x»") }),
      want: `Dockerfile:1:6: Cannot read 
  1 | x
      ~
`,
    },
    {
      name: "says ERROR where there is no place",
      error: new BuildError("USAGE", "Cannot use --x: no such flag", { hint: "see --help" }),
      want: "ERROR: Cannot use --x: no such flag\nhint: see --help\n",
    },
    {
      name: "explains a full disk",
      error: systemError("ENOSPC", "write", "/var/lib/tsbuild/blobs/x"),
      want: `ERROR: Cannot write "/var/lib/tsbuild/blobs/x": no space left on device
hint: free some space, for example with "tsbuild prune"
`,
    },
    {
      name: "explains a forbidden directory",
      error: systemError("EACCES", "mkdir", "/x"),
      want: 'ERROR: Cannot create "/x": permission denied\n',
    },
    {
      name: "explains a missing program",
      error: systemError("ENOENT", "spawn crun", "crun"),
      want: 'ERROR: Cannot start "crun": no such file or directory\n',
    },
    {
      name: "explains a failure without a path",
      error: systemError("EMFILE", "open"),
      want: `ERROR: Cannot open: too many open files
hint: raise the limit, for example with "ulimit -n 65536"
`,
    },
    {
      name: "calls anything else a bug, without a stack",
      error: new TypeError("x is undefined"),
      want: `ERROR: Cannot go on: a bug in tsbuild: TypeError: x is undefined
hint: please report it with what the same command prints with --debug
`,
    },
    {
      name: "shows what failed first when cleaning up failed too",
      error: Object.assign(new Error("both"), {
        name: "SuppressedError",
        error: new Error("second"),
        suppressed: new BuildError("COPY", "Cannot copy"),
      }),
      want: "ERROR: Cannot copy\n",
    },
  ];

describe("renderError()", () => {
  for (const { name, error, want } of cases) {
    it(name, () => {
      assert.strictEqual(renderError(error, bare), want);
    });
  }

  it("F07 adds stacks and causes only for --debug", () => {
    const error = new BuildError("REGISTRY", "Cannot pull", { cause: new Error("reset by peer") });
    const text = renderError(error, { color: false, debug: true });
    assert.match(
      text,
      /^ERROR: Cannot pull\nBuildError: Cannot pull\n +at .*because of:\n.*reset by peer/s,
    );
    assert.notInclude(renderError(error, bare), "reset by peer");
  });

  it("colours only where it may", () => {
    const error = located("RUN «x»", "hint");
    const text = renderError(error, { color: true, debug: false });
    assert.include(text, "\x1b[31m          ~\x1b[0m\n");
    assert.notInclude(renderError(error, bare), "\x1b");
  });
});

describe("exitCodeOf()", () => {
  const abort = new DOMException("This operation was aborted", "AbortError");
  const codes: readonly (readonly [string, unknown, number])[] = [
    ["a failed build", new BuildError("RUN_FAILED", "x"), 1],
    ["wrong usage", new BuildError("USAGE", "x"), 2],
    ["an interruption", new BuildError("CANCELLED", "x"), 130],
    ["an aborted call of node's", abort, 130],
    ["a full disk", systemError("ENOSPC", "write"), 1],
    ["a bug", new Error("x"), 70],
    ["a wrong system call", systemError("EBADF", "read"), 70],
    ["something that is no error", "x", 70],
  ];
  for (const [name, error, code] of codes) {
    it(`is ${code} for ${name}`, () => {
      assert.strictEqual(exitCodeOf(error), code);
    });
  }
});
