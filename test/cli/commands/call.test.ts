import { assert } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runCall } from "../../../src/cli/commands/call.js";
import { parseCommand } from "../../../src/cli/parse-command.js";
import { directoryWith, temporaryDirectory, type Layout } from "../../context/temporary.js";
import { failureOf } from "../../oci/build-errors.js";
import { FakeIo } from "../fake-io.js";

const temporary = temporaryDirectory();

interface Answer {
  readonly code: number;
  readonly io: FakeIo;
}

/** Asks about a Dockerfile; the context may hold more. */
async function ask(flags: string, dockerfile: string, files: Layout = {}): Promise<Answer> {
  const io = worldOf(dockerfile, files);
  return { code: await call(flags, io), io };
}

function worldOf(dockerfile: string, files: Layout): FakeIo {
  const cwd = directoryWith(temporary, { Dockerfile: dockerfile, ...files });
  const env = { TSBUILD_ROOT: `${temporary}/root`, TSBUILD_SNAPSHOTTER: "directory" };
  return new FakeIo({ cwd, env });
}

async function call(flags: string, io: FakeIo): Promise<number> {
  const command = parseCommand([...flags.split(" "), "--progress=quiet", "."]);
  if (command.kind !== "build" || command.call === undefined) assert.fail("no call");
  return await runCall(command.call, command, io);
}

function lines(...texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}

describe("tsbuild --check", () => {
  it("F10 says that there is nothing to say", async () => {
    const { code, io } = await ask("--check", "FROM scratch\nCOPY a /\n", { a: "" });
    assert.strictEqual(io.text, "Check complete, no warnings found.\n");
    assert.strictEqual(code, 0);
  });

  it("F10 shows findings in all stages with lines around them, and exits with 1", async () => {
    const dockerfile =
      "FROM scratch AS unused\nWORKDIR a\n\nFROM scratch\nLABEL a \\\n  b\n# end\n";
    const { code, io } = await ask("--check", dockerfile);
    const url = "https://docs.docker.com/go/dockerfile/rule";
    assert.strictEqual(
      io.text,
      lines(
        "Check complete, 2 warnings have been found!",
        "",
        `WARNING: WorkdirRelativePath - ${url}/workdir-relative-path/`,
        '"a" is relative to whatever directory the base image sets',
        "Dockerfile:2",
        "--------------------",
        "   1 |     FROM scratch AS unused",
        "   2 | >>> WORKDIR a",
        "   3 |     ",
        "   4 |     FROM scratch",
        "--------------------",
        "",
        `WARNING: LegacyKeyValueFormat - ${url}/legacy-key-value-format/`,
        "LABEL key=value should be used instead of LABEL key value",
        "Dockerfile:5",
        "--------------------",
        "   4 |     FROM scratch",
        "   5 | >>> LABEL a \\",
        "   6 | >>>   b",
        "   7 |     # end",
        "--------------------",
        "",
      ),
    );
    assert.strictEqual(code, 1);
  });

  it("L19 sees what .dockerignore hides, unless lines include again", async () => {
    const dockerfile = "FROM scratch\nCOPY a /\n";
    const hidden = await ask("--call=check,format=json", dockerfile, { ".dockerignore": "a\n" });
    assert.include(hidden.io.text, '"ruleName": "CopyIgnoredFile"');
    const again = await ask("--check", dockerfile, { ".dockerignore": "a\n!b\n" });
    assert.strictEqual(again.code, 0);
  });

  it("F09 answers in JSON, with the lines of whole instructions", async () => {
    const dockerfile = "FROM scratch\nENV a=1 \\\n\n  b=$c\n";
    const { code, io } = await ask("--call=check,format=json", dockerfile);
    const at = (line: number) => ({ start: { line }, end: { line } });
    assert.deepEqual(JSON.parse(io.text), {
      warnings: [
        {
          ruleName: "NoEmptyContinuation",
          description: "A continued instruction should have no blank lines",
          url: "https://docs.docker.com/go/dockerfile/rule/no-empty-continuation/",
          detail: "a blank line inside a continued instruction is skipped; remove it",
          location: { ranges: [at(4)] },
        },
        {
          ruleName: "UndefinedVar",
          description: "A variable should be set before it is used",
          url: "https://docs.docker.com/go/dockerfile/rule/undefined-var/",
          detail: 'variable "$c" is not set',
          location: { ranges: [at(2), at(3), at(4)] },
        },
      ],
      sources: [
        {
          filename: "Dockerfile",
          data: Buffer.from(dockerfile).toString("base64"),
          language: "Dockerfile",
        },
      ],
    });
    assert.strictEqual(code, 1);
  });

  it("P08 takes what a named context puts in the place of a front end", async () => {
    const text = "# syntax=mirror/front:1\nFROM scratch\n";
    const use = (image: string): string => `--check --build-context mirror/front:1=${image}`;
    assert.strictEqual((await ask(use("docker-image://docker/dockerfile:1"), text)).code, 0);
    for (const image of ["docker-image://other/front", "."]) {
      const error = await failureOf(ask(use(image), text), "UNSUPPORTED");
      assert.match(error.message, /^Cannot use front end "(?:other\/front|mirror\/front:1)"/);
    }
  });

  it("F37 fails after showing what was found before a mistake", async () => {
    const io = worldOf("FROM scratch\nMAINTAINER me\nFOO\n", {});
    const error = await failureOf(call("--check", io), "SYNTAX");
    assert.include(error.message, "unknown instruction: FOO");
    assert.match(io.text, /^Check complete, 1 warning has been found!\n\nWARNING: Maintainer/);
  });

  it("P10 fails where check=error=true says so", async () => {
    const io = worldOf("# check=error=true\nFROM scratch\nMAINTAINER me\n", {});
    const error = await failureOf(call("--call=check,format=json", io), "CHECK");
    assert.include(error.message, "MaintainerDeprecated");
    const report = JSON.parse(io.text) as { readonly buildError: { readonly message: string } };
    assert.strictEqual(report.buildError.message, error.message);
  });

  it("F16 writes the answer into --metadata-file, and F13 no --iidfile", async () => {
    const { io } = await ask("--check --metadata-file m --iidfile i", "FROM scratch\nCMD a\n");
    assert.deepStrictEqual(readdirSync(io.cwd).sort(), ["Dockerfile", "m"]);
    const metadata = JSON.parse(readFileSync(join(io.cwd, "m"), "utf8")) as Record<string, unknown>;
    assert.hasAllKeys(metadata, ["result.json", "result.statuscode", "result.txt", "version"]);
    assert.deepInclude(metadata, { "result.txt": io.text, "result.statuscode": "1" });
  });

  it("F09 ends well with ignorestatus, and still tells of a mistake", async () => {
    const found = await ask("--call=check,ignorestatus", "FROM scratch\nMAINTAINER me\n");
    assert.strictEqual(found.code, 0);
    const { code, io } = await ask("--call=check,format=json,ignorestatus", "FROM scratch\nFOO\n");
    assert.strictEqual(code, 0);
    assert.include(io.errors, "Dockerfile:2:1: Cannot parse Dockerfile: unknown instruction: FOO");
    const report = JSON.parse(io.text) as Readonly<Record<string, unknown>>;
    assert.isNull(report["warnings"]);
    assert.deepEqual(report["buildError"], {
      message: "Cannot parse Dockerfile: unknown instruction: FOO",
      location: { ranges: [{ start: { line: 2 }, end: { line: 2 } }] },
    });
  });

  it("F09 fails without a Dockerfile in spite of ignorestatus", async () => {
    const io = new FakeIo({ cwd: directoryWith(temporary, {}) });
    await failureOf(call("--call=check,ignorestatus", io), "CONTEXT");
  });
});

const sample = lines(
  "# BASE is where it begins",
  "ARG BASE=scratch",
  "ARG VERSION=1",
  "ARG UNUSED=2",
  "# build makes it",
  "FROM $BASE AS Build",
  "ARG VERSION TARGETARCH",
  "FROM scratch AS web",
  "# FLAGS are for make",
  "ARG FLAGS=-O$VERSION EMPTY",
  "COPY --from=build /a /a",
);

describe("tsbuild --call=outline", () => {
  it("P20 lists the ARGs of a target and of what it needs, with their descriptions", async () => {
    const { code, io } = await ask("--call=outline --build-arg EMPTY=3", sample);
    assert.strictEqual(
      io.text,
      lines(
        "TARGET: web",
        "",
        "BUILD ARG   VALUE     DESCRIPTION",
        "BASE        scratch   is where it begins",
        "VERSION     1         ",
        "FLAGS       -O        are for make",
        "EMPTY       3         ",
        "",
      ),
    );
    assert.strictEqual(code, 0);
  });

  it("F09 answers in JSON, for the target that is asked for", async () => {
    const { io } = await ask("--call=outline,format=json --target=build", sample);
    const location = (line: number) => ({ ranges: [{ start: { line }, end: { line } }] });
    assert.deepEqual(JSON.parse(io.text), {
      name: "build",
      description: "makes it",
      args: [
        {
          name: "BASE",
          value: "scratch",
          description: "is where it begins",
          location: location(2),
        },
        { name: "VERSION", value: "1", location: location(3) },
      ],
      sources: [Buffer.from(sample).toString("base64")],
    });
  });

  it("R08, R09 lists secrets and agents", async () => {
    const dockerfile = lines(
      "FROM scratch AS a",
      "RUN --mount=type=secret,id=s1,required --mount=type=ssh x",
      "RUN --mount=type=secret,target=/run/s2 --mount=type=secret,id=s1 x",
      "FROM scratch",
      "COPY --from=a / /",
    );
    const { io } = await ask("--call=outline", dockerfile);
    const want = ["SECRET   REQUIRED", "s1       true", "s2       ", ""];
    assert.strictEqual(io.text, lines(...want, "SSH       REQUIRED", "default   ", ""));
    const json = JSON.parse(
      (await ask("--call=outline,format=json", dockerfile)).io.text,
    ) as object;
    const location = (line: number) => ({ ranges: [{ start: { line }, end: { line } }] });
    assert.deepInclude(json, {
      secrets: [
        { name: "s1", required: true, location: location(2) },
        { name: "s2", location: location(3) },
      ],
      ssh: [{ name: "default", location: location(2) }],
    });
  });

  it("S05 does not know a target that is not there", async () => {
    const error = await failureOf(ask("--call=outline --target=wbe", sample), "STAGE");
    assert.strictEqual(error.hint, 'did you mean "web"?');
  });
});

describe("tsbuild --call=targets", () => {
  it("P20 lists stages with their descriptions, the default one marked", async () => {
    const { io } = await ask("--call=targets", sample);
    assert.strictEqual(
      io.text,
      lines("TARGET        DESCRIPTION", "build         makes it", "web (default) "),
    );
  });

  it("F09 answers in JSON", async () => {
    const text = "FROM a AS B\nFROM --platform=$D $c\n";
    const { io } = await ask("--call targets,format=json", text);
    const location = (line: number) => ({ ranges: [{ start: { line }, end: { line } }] });
    assert.deepEqual(JSON.parse(io.text), {
      targets: [
        { name: "b", base: "a", location: location(1) },
        { default: true, base: "$c", platform: "$D", location: location(2) },
      ],
      sources: [Buffer.from(text).toString("base64")],
    });
  });
});

describe("tsbuild --call=subrequests.describe", () => {
  it("F09 lists what may be asked", async () => {
    const text = (await ask("--call=subrequests.describe", "")).io.text;
    const json = (await ask("--call=subrequests.describe,format=json", "")).io.text;
    const requests = JSON.parse(json) as readonly { readonly name: string }[];
    for (const name of ["lint", "outline", "targets", "subrequests.describe"]) {
      assert.include(text, `\n${name} `);
      assert.isTrue(requests.some((request) => request.name === `frontend.${name}`));
    }
  });
});
