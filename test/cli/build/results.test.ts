import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { intoStore, parseOutput } from "../../../src/cli/args/output.js";
import { prepareResults, writeResults } from "../../../src/cli/build/results.js";
import type { Warning } from "../../../src/parser/instruction.js";
import { digestOf } from "../../../src/oci/digest.js";
import { directoryWith, temporaryDirectory } from "../../context/temporary.js";
import { failureOf } from "../../oci/build-errors.js";
import { FakeIo } from "../fake-io.js";

const temporary = temporaryDirectory();
const config = { mediaType: "config", digest: digestOf("config"), size: 6 };
const manifest = { mediaType: "manifest", digest: digestOf("manifest"), size: 8 };
const local = parseOutput("out");
const source = { name: "Dockerfile", text: "FROM scratch\nMAINTAINER me\n" };
const warning: Warning = {
  rule: "MaintainerDeprecated",
  message: "old",
  at: { source, start: 13, end: 26 },
};

const step = {
  id: 4,
  title: "[1/1] RUN make",
  stage: "stage-0",
  number: 1,
  line: 2,
  lastLine: 2,
  ms: 5,
};
const record = { id: "abc", steps: [{ ...step, outcome: "done" }] } as const;
const kept = { "tsbuild.build.id": "abc", "tsbuild.build.steps": record.steps };

describe("prepareResults()", () => {
  it("F13 removes an id that a failing build must not leave", async () => {
    const cwd = directoryWith(temporary, { id: "old" });
    await prepareResults({ iidFile: "id", outputs: [] }, new FakeIo({ cwd }));
    assert.isFalse(existsSync(join(cwd, "id")));
  });

  it("F13 removes no link, as /dev/stdout is one, and nothing that is no file", async () => {
    const cwd = directoryWith(temporary, { old: "old" });
    symlinkSync("old", join(cwd, "link"));
    execFileSync("mkfifo", [join(cwd, "pipe")]);
    for (const iidFile of ["link", "pipe", "missing/id"])
      await prepareResults({ iidFile, outputs: [] }, new FakeIo({ cwd }));
    assert.deepStrictEqual(readdirSync(cwd).sort(), ["link", "pipe"]);
  });

  it("F13 refuses --iidfile where no output is an image, and leaves the file", async () => {
    const cwd = directoryWith(temporary, { id: "old" });
    const outputs = [local, parseOutput("type=cacheonly")];
    const error = await failureOf(
      prepareResults({ iidFile: "id", outputs }, new FakeIo({ cwd })),
      "USAGE",
    );
    assert.strictEqual(error.message, 'Cannot write --iidfile "id": the output is not an image');
    assert.strictEqual(readFileSync(join(cwd, "id"), "utf8"), "old");
    await prepareResults({ iidFile: "id", outputs: [local, intoStore] }, new FakeIo({ cwd }));
    await prepareResults({ iidFile: undefined, outputs }, new FakeIo({ cwd }));
  });
});

describe("writeResults()", () => {
  it("F13 writes the id without a line end, as Docker", async () => {
    const cwd = directoryWith(temporary, {});
    const files = { iidFile: "id", metadataFile: undefined };
    await writeResults(
      files,
      { config, manifest: undefined, names: [], warnings: [], record },
      new FakeIo({ cwd }),
    );
    assert.strictEqual(readFileSync(join(cwd, "id"), "utf8"), config.digest);
    assert.deepStrictEqual(readdirSync(cwd), ["id"]);
  });

  const cases = [
    {
      name: "an image of the store",
      summary: { config, manifest: undefined, names: ["web", "example.com/web:1"] },
      want: {
        "containerimage.config.digest": config.digest,
        "containerimage.descriptor": config,
        "containerimage.digest": config.digest,
        "image.name": "docker.io/library/web:latest,example.com/web:1",
      },
    },
    {
      name: "an image with a manifest",
      summary: { config, manifest, names: [] },
      want: {
        "containerimage.config.digest": config.digest,
        "containerimage.descriptor": manifest,
        "containerimage.digest": manifest.digest,
      },
    },
    {
      name: "no image",
      summary: { config: undefined, manifest: undefined, names: [] },
      want: {},
    },
  ];
  for (const { name, summary, want } of cases) {
    it(`F16 describes ${name} in the metadata file`, async () => {
      const cwd = directoryWith(temporary, {});
      writeFileSync(join(cwd, "meta"), "old");
      await writeResults(
        { iidFile: undefined, metadataFile: "meta" },
        { ...summary, warnings: [warning], record },
        new FakeIo({ cwd }),
      );
      assert.deepStrictEqual(JSON.parse(readFileSync(join(cwd, "meta"), "utf8")), {
        ...want,
        ...kept,
      });
      assert.deepStrictEqual(readdirSync(cwd), ["meta"]);
    });
  }

  it("F16 tells the findings where BUILDX_METADATA_WARNINGS asks for them", async () => {
    const cwd = directoryWith(temporary, {});
    const summary = {
      config: undefined,
      manifest: undefined,
      names: [],
      warnings: [warning],
      record,
    };
    const io = new FakeIo({ cwd, env: { BUILDX_METADATA_WARNINGS: "1" } });
    await writeResults({ iidFile: undefined, metadataFile: "meta" }, summary, io);
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    assert.deepStrictEqual(JSON.parse(readFileSync(join(cwd, "meta"), "utf8")), {
      "buildx.build.warnings": [
        {
          level: 1,
          short: base64("MaintainerDeprecated: old"),
          detail: [base64("MAINTAINER is deprecated in favour of a label")],
          url: "https://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/",
          sourceInfo: { filename: "Dockerfile", data: base64(source.text) },
          range: [{ start: { line: 2, character: 0 }, end: { line: 2, character: 13 } }],
        },
      ],
      ...kept,
    });
  });

  it("leaves nothing beside a file that it cannot write", async () => {
    const cwd = directoryWith(temporary, { id: {} });
    const files = { iidFile: "id", metadataFile: undefined };
    const summary = { config, manifest: undefined, names: [], warnings: [], record };
    const error: unknown = await writeResults(files, summary, new FakeIo({ cwd })).catch(
      (cause: unknown) => cause,
    );
    assert.instanceOf(error, Error);
    assert.deepStrictEqual(readdirSync(cwd), ["id"]);
  });
});
