import { assert } from "chai";
import fc from "fast-check";
import { BuildError } from "../../src/error.js";
import { dockerMediaTypes, mediaTypes } from "../../src/oci/descriptor.js";
import { digestOf } from "../../src/oci/digest.js";
import {
  parseDocument,
  parseImageConfig,
  serializeConfig,
  serializeDocument,
} from "../../src/oci/image-json.js";
import { failureOf } from "./build-errors.js";

const blob = (mediaType: string) => ({ mediaType, digest: digestOf(mediaType), size: 7 });
const manifest = {
  schemaVersion: 2,
  mediaType: mediaTypes.manifest,
  config: blob(mediaTypes.config),
  layers: [blob(mediaTypes.layerGzip)],
};
const image = { ...blob(mediaTypes.manifest), platform: { os: "linux", architecture: "amd64" } };
const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [image] };
const config = {
  architecture: "amd64",
  os: "linux",
  config: { Env: ["A=b"], Cmd: ["sh"] },
  rootfs: { type: "layers", diff_ids: [digestOf("layer")] },
  history: [{ created_by: "RUN x" }],
};

const toBytes = (value: unknown) => Buffer.from(JSON.stringify(value));

describe("parseDocument()", () => {
  it("reads a manifest and keeps what it does not know", () => {
    const given = { ...manifest, annotations: { a: "b" }, subject: blob("x") };
    assert.deepEqual<unknown>(parseDocument(toBytes(given)), { kind: "manifest", manifest: given });
  });

  it("says of a blob with a digest of SHA-512 that such are not supported", async () => {
    const layers = [{ ...blob(mediaTypes.layer), digest: `sha512:${"0".repeat(128)}` }];
    const reading = () => parseDocument(toBytes({ ...manifest, layers }));
    const { message } = await failureOf(reading, "UNSUPPORTED");
    assert.strictEqual(message, "Cannot use digests of sha512: want sha256");
  });

  it("reads an index", () => {
    assert.deepEqual<unknown>(parseDocument(toBytes(index)), { kind: "index", index });
  });

  it("takes the media type from the descriptor where the document has none", () => {
    const { mediaType: _, ...bare } = manifest;
    const found = parseDocument(toBytes(bare), dockerMediaTypes.manifest);
    const want = { ...bare, mediaType: dockerMediaTypes.manifest };
    assert.deepEqual<unknown>(found, { kind: "manifest", manifest: want });
  });

  it("reads other nulls as not there, as .NET writes them, and none in a list", () => {
    const platform = { architecture: "amd64", os: "linux", variant: null, "os.version": null };
    const listed = { mediaType: mediaTypes.manifest, digest: digestOf("x"), size: 3 };
    const nulls = { annotations: null, urls: null, artifactType: null };
    const index = { schemaVersion: 2, mediaType: mediaTypes.index, annotations: null };
    const given = { ...index, manifests: [{ ...listed, ...nulls, platform }] };
    const found = parseDocument(toBytes(given));
    const want = { ...listed, platform: { architecture: "amd64", os: "linux" } };
    assert.deepEqual(found.kind === "index" && found.index.manifests, [want]);
    const holed = toBytes({ ...index, manifests: [null] });
    assert.throws(() => parseDocument(holed), BuildError, "manifests[0]: want an object");
  });

  it("reads null as an empty list, as Go writes it", () => {
    const found = parseDocument(toBytes({ ...manifest, layers: null }));
    assert.deepEqual<unknown>(found, { kind: "manifest", manifest: { ...manifest, layers: [] } });
  });

  it("names schema 1 as what it is", async () => {
    const old = { schemaVersion: 1, name: "x", tag: "y", fsLayers: [], history: [] };
    const error = await failureOf(() => parseDocument(toBytes(old)), "UNSUPPORTED");
    assert.include(error.message, "schema 1 is not supported");
  });

  const refused: readonly (readonly [unknown, string])[] = [
    [[], "not a JSON object"],
    [{ ...manifest, manifests: [] }, "an index and a manifest at once"],
    [{ ...manifest, mediaType: mediaTypes.index }, "not a media type of an image manifest"],
    [{ ...manifest, mediaType: 1 }, "1 is not a media type"],
    [{ ...manifest, schemaVersion: 3 }, "image manifest.schemaVersion: want 2"],
    [{ ...manifest, config: undefined }, "image manifest.config: want an object"],
    [{ ...manifest, layers: [{ ...image, size: -1 }] }, "layers[0].size: want a number of bytes"],
    [{ ...manifest, layers: [{ ...image, digest: "sha256:x" }] }, `layers[0].digest: "sha256:x"`],
    [{ ...manifest, layers: {} }, "image manifest.layers: want a list"],
    [{ ...manifest, annotations: { a: 1 } }, `annotations["a"]: want a string`],
    [{ ...index, manifests: [{ ...image, platform: {} }] }, "manifests[0].platform.os"],
  ];
  for (const [given, why] of refused) {
    it(`refuses one with ${why}`, async () => {
      const error = await failureOf(() => parseDocument(toBytes(given)), "INVALID_IMAGE");
      assert.include(error.message, why);
    });
  }

  it("refuses bytes that are no JSON or no UTF-8", async () => {
    for (const bytes of [Buffer.from("{"), Buffer.from('"\xff"', "latin1"), Buffer.alloc(0)]) {
      await failureOf(() => parseDocument(bytes), "INVALID_IMAGE");
    }
  });

  it("throws nothing but BuildErrors on any JSON", () => {
    const keys = fc.constantFrom("schemaVersion", "mediaType", "manifests", "layers", "config");
    const values = fc.oneof(fc.constant(2), fc.constant(mediaTypes.index), fc.jsonValue());
    fc.assert(
      fc.property(fc.dictionary(keys, values), (value) => {
        try {
          parseDocument(toBytes(value));
        } catch (error) {
          assert.instanceOf(error, BuildError);
        }
      }),
    );
  });
});

describe("parseImageConfig()", () => {
  it("keeps what it does not know", () => {
    const given = { ...config, "moby.buildkit.x": [1], container_config: { Env: null } };
    assert.deepEqual<unknown>(parseImageConfig(toBytes(given)), given);
  });

  it("leaves out the nulls that mean nothing, and keeps those that may", () => {
    const given = {
      ...config,
      history: null,
      config: { Env: null, Cmd: null, Volumes: null, OnBuild: null, Labels: null, Shell: null },
    };
    const { history: _, ...want } = config;
    assert.deepEqual<unknown>(parseImageConfig(toBytes(given)), {
      ...want,
      config: { Cmd: null, Volumes: null, OnBuild: null, Labels: null },
    });
  });

  it("reads an image without layers", () => {
    const given = { ...config, rootfs: { type: "layers", diff_ids: null }, config: null };
    assert.deepEqual(parseImageConfig(toBytes(given)).rootfs.diff_ids, []);
  });

  const refused: readonly (readonly [unknown, string])[] = [
    ["text", "image config: want an object"],
    [{ ...config, os: undefined }, "image config.os: want a string"],
    [{ ...config, rootfs: undefined }, "image config.rootfs: want an object"],
    [{ ...config, rootfs: { type: "x", diff_ids: [] } }, `rootfs.type: want "layers"`],
    [{ ...config, config: { Env: "A=b" } }, "config.Env: want a list"],
    [{ ...config, config: { Cmd: [1] } }, "config.Cmd[0]: want a string"],
    [{ ...config, config: { Labels: { a: null } } }, `config.Labels["a"]: want a string`],
    [{ ...config, history: [null] }, "history[0]: want an object"],
    [{ ...config, created: "today" }, "image config.created: want a time"],
    [{ ...config, history: [{ created: "" }] }, "history[0].created: want a time"],
  ];
  for (const [given, why] of refused) {
    it(`refuses one with ${why}`, async () => {
      const error = await failureOf(() => parseImageConfig(toBytes(given)), "INVALID_IMAGE");
      assert.include(error.message, why);
    });
  }
});

describe("JSON from outside", () => {
  const nested = (depth: number) => `{"x":${"[".repeat(depth)}${"]".repeat(depth)},`;
  const configIn = (depth: number) =>
    Buffer.from(nested(depth) + JSON.stringify(config).slice(1), "utf8");

  it("is refused where it is nested so deeply that nobody could write it again", async () => {
    const error = await failureOf(() => parseImageConfig(configIn(20_000)), "INVALID_IMAGE");
    assert.include(error.message, "image config: it is nested more than 1000 levels deep");
    assert.isNotEmpty(serializeConfig(parseImageConfig(configIn(500))));
  });

  it("is refused with a number beyond all numbers", async () => {
    const text = JSON.stringify({ ...config, config: { Healthcheck: { Interval: 7 } } });
    const bytes = Buffer.from(text.replace('"Interval":7', '"Interval":1e999'));
    const error = await failureOf(() => parseImageConfig(bytes), "INVALID_IMAGE");
    assert.include(error.message, "Healthcheck.Interval: want a number");
  });
});

describe("serializeDocument() and serializeConfig()", () => {
  it("indent manifests by two spaces and leave configs compact", () => {
    const document = parseDocument(toBytes(manifest));
    assert.strictEqual(document.kind, "manifest");
    if (document.kind !== "manifest") return;
    const text = Buffer.from(serializeDocument(document.manifest)).toString();
    assert.strictEqual(text, JSON.stringify(manifest, undefined, 2));
    const compact = Buffer.from(serializeConfig(parseImageConfig(toBytes(config)))).toString();
    assert.strictEqual(compact, JSON.stringify(config));
  });
});
