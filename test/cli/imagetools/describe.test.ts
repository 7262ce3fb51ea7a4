import { assert } from "chai";
import { describeImage } from "../../../src/cli/imagetools/describe.js";
import type { Source } from "../../../src/cli/imagetools/source.js";
import { failureOf } from "../../oci/build-errors.js";
import { image, index, listed } from "./sources.js";

const amd64 = image("linux/amd64");
const arm64 = image("linux/arm64");
const repository = { registry: "docker.io", repository: "library/web" };

function both(): Source {
  const annotations = { k: "v", "long.key": "w" };
  const parts = [amd64, arm64];
  const { root } = index(listed(amd64, "linux/amd64"), {
    ...listed(arm64, "linux/arm64"),
    annotations,
  });
  return {
    ...amd64,
    repository,
    root,
    read: async (descriptor) => {
      const own = parts.find((part) => part.root.descriptor.digest === descriptor.digest);
      if (own !== undefined) return own.root.bytes;
      return await amd64.read(descriptor).catch(() => arm64.read(descriptor));
    },
  };
}

describe("describeImage()", () => {
  it("Q02 lists an index in buildx's columns", async () => {
    const source = both();
    const [first, second] = [amd64, arm64].map(({ root }) => root.descriptor.digest);
    const { digest, mediaType } = source.root.descriptor;
    assert.strictEqual(
      await describeImage("web", source, undefined),
      [
        "Name:      docker.io/library/web:latest",
        `MediaType: ${mediaType}`,
        `Digest:    ${digest}`,
        "           ",
        "Manifests: ",
        `  Name:        docker.io/library/web:latest@${first ?? ""}`,
        "  MediaType:   application/vnd.oci.image.manifest.v1+json",
        "  Platform:    linux/amd64",
        "               ",
        `  Name:        docker.io/library/web:latest@${second ?? ""}`,
        "  MediaType:   application/vnd.oci.image.manifest.v1+json",
        "  Platform:    linux/arm64",
        "  Annotations: ",
        "    k:        v",
        "    long.key: w",
        "",
      ].join("\n"),
    );
  });

  it("Q02 shows of an image its descriptor", async () => {
    const { digest, mediaType } = arm64.root.descriptor;
    const shown = await describeImage("oci-layout://web", arm64, "{{.Manifest}}");
    assert.strictEqual(
      shown,
      `Name:      oci-layout://web\nMediaType: ${mediaType}\nDigest:    ${digest}\n`,
    );
  });

  const formats: readonly (readonly [format: string, want: RegExp | string])[] = [
    ["{{.Name}} {{.Manifest.MediaType}}", "web application/vnd.oci.image.index.v1+json\n"],
    ["{{len .Manifest.Manifests}}", "2\n"],
    ["{{range .Manifest.Manifests}}{{.Platform.Architecture}};{{end}}", "amd64;arm64;\n"],
    ['{{(index .Image "linux/arm64").OS}}', "linux\n"],
    ["{{json .Manifest}}", /^\{\n {2}"schemaVersion": 2,\n {2}"mediaType": /],
    ["{{json .}}", /^\{\n {2}"name": "web",\n {2}"manifest": \{[^]*\n {2}"image": \{/],
    ["{{json .Provenance}}", "{}\n"],
  ];
  for (const [format, want] of formats) {
    it(`Q02 takes --format '${format}'`, async () => {
      const shown = await describeImage("web", both(), format);
      if (typeof want === "string") assert.strictEqual(shown, want);
      else assert.match(shown, want);
    });
  }

  it("Q02 refuses a template with a field that nothing has", async () => {
    await failureOf(describeImage("web", both(), "{{.Manifest.Digset}}"), "USAGE");
  });
});
