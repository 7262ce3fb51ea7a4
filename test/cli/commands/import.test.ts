import { assert } from "chai";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { mediaTypes } from "../../../src/oci/descriptor.js";
import { digestOf } from "../../../src/oci/digest.js";
import { writeLayerTar } from "../../../src/oci/layer-tar.js";
import { temporaryDirectory } from "../../context/temporary.js";
import { failureOf } from "../../oci/build-errors.js";
import { reply, startRogue } from "../../registry/rogue-server.js";
import { collect, oneFile, temporaryStore } from "../../store/fixture.js";
import { runLine } from "./perform.js";

const temporary = temporaryDirectory();
const tar = (): Promise<Buffer> => collect(writeLayerTar(oneFile("hello")));

describe("tsbuild import", () => {
  it("makes an image of one layer, prints its id, and gives it a name", async () => {
    await using store = await temporaryStore();
    writeFileSync(join(temporary, "rootfs.tar"), await tar());
    const argv = ["import", "-m", "by hand", "rootfs.tar", "base:1"];
    const { text } = await runLine(store, argv, { cwd: temporary });
    const record = store.images.get("base:1");
    assert.strictEqual(text, `${record.id}\n`);
    const config = await store.images.config(record);
    assert.deepStrictEqual(config.rootfs.diff_ids, [digestOf(await tar())]);
    assert.deepInclude(config, { os: "linux", architecture: "amd64", config: {} });
    assert.deepEqual(config.history, [{ created: config.created ?? "", comment: "by hand" }]);
  });

  const forms: readonly (readonly [string, (bytes: Buffer) => Buffer, string])[] = [
    ["plain", (bytes) => bytes, mediaTypes.layer],
    ["gzip", (bytes) => gzipSync(bytes), mediaTypes.layerGzip],
  ];
  for (const [name, form, mediaType] of forms) {
    it(`keeps a ${name} archive of standard input as it came, for pushes`, async () => {
      await using store = await temporaryStore();
      const input = form(await tar());
      const { text } = await runLine(store, ["import", "-", "base"], { input });
      const config = await store.images.config(store.images.get(text.trim()));
      assert.strictEqual(config.history?.[0]?.comment, "Imported from -");
      const [diffId = digestOf("")] = config.rootfs.diff_ids;
      assert.deepStrictEqual(store.layerBytes.original(diffId), {
        mediaType,
        digest: digestOf(input),
        size: input.byteLength,
      });
      const record = await store.layers.findByDiffId(diffId);
      if (record === undefined) throw new Error("no layer");
      assert.deepStrictEqual(await collect(store.layerBytes.tar(record)), await tar());
    });
  }

  it("fetches a URL, and does not tell it: it may hold a password", async () => {
    await using store = await temporaryStore();
    const body = await tar();
    await using server = await startRogue((_, response) => {
      reply(response, 200, { body });
    });
    await runLine(store, ["import", `http://${server.host}/rootfs.tar?token=1`, "base"]);
    const config = await store.images.config(store.images.get("base"));
    assert.deepStrictEqual(config.rootfs.diff_ids, [digestOf(body)]);
    assert.strictEqual(config.history?.[0]?.comment, "Imported from a URL");
  });

  it("applies instructions that change the configuration alone", async () => {
    await using store = await temporaryStore();
    const changes = [
      'CMD ["sh", "-c"]',
      "ENTRYPOINT run it",
      "ENV A=1 B=${A}2",
      "EXPOSE 80/udp",
      "HEALTHCHECK --retries=2 CMD true",
      "LABEL l=1",
      "ONBUILD RUN x",
      "STOPSIGNAL 9",
      "USER 7:8",
      "VOLUME /v",
      "WORKDIR /w",
    ];
    const flags = changes.flatMap((change) => ["-c", change]);
    const argv = ["import", "--platform", "linux/arm64", ...flags, "-", "base"];
    await runLine(store, argv, { input: await tar() });
    const config = await store.images.config(store.images.get("base"));
    assert.strictEqual(config.architecture, "arm64");
    assert.deepEqual(config.config, {
      ArgsEscaped: true,
      Cmd: ["sh", "-c"],
      Entrypoint: ["/bin/sh", "-c", "run it"],
      Env: ["A=1", "B=2"],
      ExposedPorts: { "80/udp": {} },
      Healthcheck: { Test: ["CMD-SHELL", "true"], Retries: 2 },
      Labels: { l: "1" },
      OnBuild: ["RUN x"],
      StopSignal: "9",
      User: "7:8",
      Volumes: { "/v": {} },
      WorkingDir: "/w",
    });
  });

  const wrong: readonly (readonly [argv: readonly string[], code: string, message: RegExp])[] = [
    [["-c", "RUN make", "-"], "USAGE", /^Cannot use --change with RUN: it does more than/],
    [["-c", "COPY a b", "-"], "USAGE", /^Cannot use --change with COPY/],
    [["-c", "FROM busybox", "-"], "USAGE", /^Cannot use --change with FROM/],
    [["-c", "NOPE", "-"], "SYNTAX", /NOPE/],
    [["-", "Web"], "INVALID_REFERENCE", /must be lowercase/],
    [["-", `web@${digestOf("")}`], "USAGE", /has no digest yet$/],
  ];
  for (const [argv, code, message] of wrong) {
    it(`refuses ${argv.join(" ")}`, async () => {
      await using store = await temporaryStore();
      const running = runLine(store, ["import", ...argv], { input: await tar() });
      const error = await failureOf(running, code as "USAGE");
      assert.match(error.message, message);
      assert.deepStrictEqual(store.images.list(), []);
    });
  }

  it("refuses a terminal, and what is not an archive", async () => {
    await using store = await temporaryStore();
    await failureOf(runLine(store, ["import", "-"], { terminal: { in: true } }), "USAGE");
    const input = "no tar".repeat(200);
    await failureOf(runLine(store, ["import", "-"], { input }), "INVALID_ARCHIVE");
  });
});
