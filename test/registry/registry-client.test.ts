import { assert } from "chai";
import { mediaTypes } from "../../src/oci/descriptor.js";
import { digestOf } from "../../src/oci/digest.js";
import { parsePlatform } from "../../src/oci/platform.js";
import { parseReference, type Reference } from "../../src/oci/reference.js";
import { RegistryClient } from "../../src/registry/registry-client.js";
import { RegistryError } from "../../src/registry/registry-error.js";
import { failureOf } from "../oci/build-errors.js";
import { chunked, collect } from "../oci/bytes.js";
import { makeImage } from "../oci/sample-image.js";
import { reply, startRogue, type RogueServer } from "./rogue-server.js";

const amd64 = parsePlatform("linux/amd64");
const { manifest, config } = makeImage("app", amd64);
const text = Buffer.from("0123456789".repeat(1000));
const blob = { mediaType: mediaTypes.layer, digest: digestOf(text), size: text.byteLength };

const newClient = (retryDelays: readonly number[] = [0, 0, 0]) =>
  new RegistryClient({ credentials: () => Promise.resolve(undefined), retryDelays });

const app = ({ host }: RogueServer, name = "app:1"): Reference => parseReference(`${host}/${name}`);

const manifestHeaders = {
  "Content-Type": mediaTypes.manifest,
  "Docker-Content-Digest": manifest.descriptor.digest,
};

describe("RegistryClient", () => {
  describe("resolve() and head()", () => {
    it("ask for every kind of manifest and return what the name points at", async () => {
      const { mediaType, digest, size } = manifest.descriptor;
      await using server = await startRogue((_, response) => {
        reply(response, 200, { headers: manifestHeaders, body: manifest.bytes });
      });
      await using client = newClient();
      const want = { mediaType, digest, size };
      const found = await client.resolve(app(server));
      assert.deepEqual(found.descriptor, want);
      assert.deepEqual(found.bytes, manifest.bytes);
      assert.deepEqual(await client.head(app(server)), want);
      const path = "/v2/app/manifests/1";
      assert.deepEqual(server.lines(), [`GET ${path}`, `HEAD ${path}`]);
    });

    it("refuse a manifest that is not the promised one", async () => {
      await using server = await startRogue((_, response) => {
        reply(response, 200, { headers: manifestHeaders, body: `${String(manifest.bytes)} ` });
      });
      await using client = newClient();
      const byTag = await failureOf(client.resolve(app(server)), "DIGEST_MISMATCH");
      assert.include(byTag.message, `the registry promised ${manifest.descriptor.digest} and sent`);
      const other = app(server, `app@${digestOf("other")}`);
      await failureOf(client.resolve(other), "DIGEST_MISMATCH");
      await failureOf(client.head(other), "DIGEST_MISMATCH");
    });

    it("read a manifest where the registry leaves headers out", async () => {
      await using server = await startRogue(({ line }, response) => {
        if (line.startsWith("HEAD")) response.end();
        else reply(response, 200, { body: manifest.bytes });
      });
      await using client = newClient();
      assert.strictEqual((await client.head(app(server))).digest, manifest.descriptor.digest);
    });

    it("read the media type from the manifest where the registry calls it text", async () => {
      await using server = await startRogue((_, response) => {
        reply(response, 200, { headers: { "Content-Type": "text/plain" }, body: manifest.bytes });
      });
      await using client = newClient();
      const { descriptor } = await client.resolve(app(server));
      assert.strictEqual(descriptor.mediaType, mediaTypes.manifest);
    });

    it("stop reading a manifest without end", async () => {
      await using server = await startRogue((_, response) => {
        const more = () => {
          while (response.write(Buffer.alloc(65536)));
        };
        response.on("drain", more);
        more();
      });
      await using client = newClient();
      const error = await failureOf(client.resolve(app(server)), "INVALID_IMAGE");
      assert.include(error.message, "its manifest is longer than 4194304 bytes");
    });

    const statuses = [
      { status: 401, code: "AUTH", says: "access denied", hint: "tsbuild login 127.0.0.1" },
      { status: 403, code: "AUTH", says: "access denied", hint: "tsbuild login 127.0.0.1" },
      { status: 404, code: "IMAGE_NOT_FOUND", says: "not found in the registry", hint: "tag" },
      { status: 400, code: "REGISTRY", says: "answered with status 400", hint: "/v2/app/" },
    ] as const;
    for (const { status, code, says, hint } of statuses) {
      it(`say of ${status}: ${says}`, async () => {
        const body = JSON.stringify({ errors: [{ code: "X", message: "be\u001b[31mware" }] });
        await using server = await startRogue((_, response) => {
          reply(response, status, { body });
        });
        await using client = newClient();
        const error = await failureOf(client.resolve(app(server)), code);
        assert.instanceOf(error, RegistryError);
        assert.include(error.message, `Cannot pull "${server.host}/app:1": `);
        assert.include(error.message, says);
        assert.include(error.message, "(be [31mware)");
        assert.include(error.hint ?? "", hint);
        assert.lengthOf(server.received, 1);
      });
    }
  });

  describe("tags()", () => {
    it("reads every page of the list", async () => {
      await using server = await startRogue(({ line }, response) => {
        const last = /last=(\w+)/.exec(line)?.[1];
        const tags = last === undefined ? ["a", "b"] : ["c"];
        const link = '</v2/app/tags/list?last=b&n=2>; rel="next"';
        const headers: Record<string, string> = last === undefined ? { Link: link } : {};
        reply(response, 200, { headers, body: JSON.stringify({ name: "app", tags }) });
      });
      await using client = newClient();
      assert.deepEqual(await client.tags(app(server)), ["a", "b", "c"]);
      assert.deepEqual(server.lines(), [
        "GET /v2/app/tags/list",
        "GET /v2/app/tags/list?last=b&n=2",
      ]);
    });

    it("knows a repository that has none, and no list that is none", async () => {
      const bodies = ['{"tags":null}', '{"tags":{}}', "[]"];
      await using server = await startRogue((_, response) => {
        reply(response, 200, { body: bodies.shift() ?? "" });
      });
      await using client = newClient();
      assert.deepEqual(await client.tags(app(server)), []);
      await failureOf(client.tags(app(server)), "REGISTRY");
      await failureOf(client.tags(app(server)), "REGISTRY");
    });
  });

  describe("image()", () => {
    it("names the platforms that an index has instead", async () => {
      const manifests = [manifest.descriptor];
      const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
      await using server = await startRogue((_, response) => {
        const headers = { "Content-Type": mediaTypes.index };
        reply(response, 200, { headers, body: JSON.stringify(index) });
      });
      await using client = newClient();
      const image = client.image(app(server), parsePlatform("linux/riscv64"));
      const error = await failureOf(image, "PLATFORM");
      assert.include(error.message, `Cannot use image "${server.host}/app:1" for linux/riscv64`);
      assert.strictEqual(error.hint, "it has linux/amd64");
    });

    it("refuses a config that is not what the manifest names", async () => {
      await using server = await startRogue(({ line }, response) => {
        const body = line.includes("/blobs/")
          ? Buffer.from(config.bytes).reverse()
          : manifest.bytes;
        reply(response, 200, { headers: { "Content-Type": mediaTypes.manifest }, body });
      });
      await using client = newClient();
      await failureOf(client.image(app(server), amd64), "DIGEST_MISMATCH");
    });
  });

  describe("blob()", () => {
    for (const status of [206, 200]) {
      it(`goes on where a broken transfer stopped (${status})`, async () => {
        const cuts = [3000, 7000];
        await using server = await startRogue(({ range }, response) => {
          const start = status === 206 ? Number(/\d+/.exec(range ?? "0")?.[0]) : 0;
          response.writeHead(start === 0 ? 200 : 206, { "Content-Length": text.length - start });
          const cut = cuts.shift();
          if (cut === undefined) response.end(text.subarray(start));
          else response.write(text.subarray(start, cut), () => response.destroy());
        });
        await using client = newClient();
        assert.isTrue((await collect(client.blob(app(server), blob))).equals(text));
        const ranges = server.received.map(({ range }) => range);
        assert.deepEqual(ranges, [undefined, "bytes=3000-", "bytes=7000-"]);
      });
    }

    it("takes a transfer that breaks after its last byte as complete", async () => {
      await using server = await startRogue((_, response) => {
        response.writeHead(200, { "Transfer-Encoding": "chunked" });
        response.write(text, () => response.destroy());
      });
      await using client = newClient();
      assert.isTrue((await collect(client.blob(app(server), blob))).equals(text));
      assert.lengthOf(server.received, 1);
    });

    it("gives up on a transfer that breaks again and again", async () => {
      await using server = await startRogue((_, response) => {
        response.writeHead(200, { "Content-Length": text.length });
        response.write("x", () => response.destroy());
      });
      await using client = newClient();
      const error = await failureOf(collect(client.blob(app(server), blob)), "REGISTRY");
      assert.strictEqual(
        error.message,
        `Cannot reach registry "${server.host}": the connection broke`,
      );
      assert.lengthOf(server.received, 4);
    });

    it("N14 has a foreign layer from where it says, without a login", async () => {
      await using gone = await startRogue((_, response) => {
        reply(response, 404);
      });
      await using vendor = await startRogue((_, response) => {
        reply(response, 200, { body: text });
      });
      await using server = await startRogue((_, response) => {
        reply(response, 401, { headers: { "WWW-Authenticate": 'Basic realm="r"' } });
      });
      const alice = { kind: "password", username: "alice", password: "a" } as const;
      const credentials = () => Promise.resolve(alice);
      await using client = new RegistryClient({ credentials, retryDelays: [] });
      const urls = [
        `ftp://${gone.host}/layer`,
        `http://${gone.host}/layer`,
        `http://${vendor.host}/layer`,
      ];
      const mediaType = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
      const foreign = { ...blob, mediaType, urls };
      assert.isTrue((await collect(client.blob(app(server), foreign))).equals(text));
      const [asked] = vendor.received;
      assert.deepInclude(asked, { line: "GET /layer", authorization: undefined });
      assert.deepEqual(server.lines(), [], "the registry is not asked at all");
      await failureOf(collect(client.blob(app(server), { ...blob, urls })), "AUTH");
      assert.lengthOf(vendor.received, 1, "for other layers URLs do not count");
    });

    it("refuses wrong bytes, too few and too many", async () => {
      const wrong = Buffer.from(text).reverse();
      for (const body of [wrong, text.subarray(1), Buffer.concat([text, text])]) {
        await using server = await startRogue((_, response) => {
          reply(response, 200, { body });
        });
        await using client = newClient();
        await failureOf(collect(client.blob(app(server), blob)), "DIGEST_MISMATCH");
      }
    });

    it("ends with the reason of an abort, in the middle of a body", async () => {
      const abort = new AbortController();
      const reason = new Error("enough");
      await using server = await startRogue((_, response) => {
        response.writeHead(200, { "Content-Length": text.length });
        response.write(text.subarray(0, 100));
      });
      await using client = newClient();
      const reading = (async () => {
        for await (const _ of client.blob(app(server), blob, abort.signal)) abort.abort(reason);
      })();
      assert.strictEqual(await reading.catch((error: unknown) => error), reason);
    });
  });

  describe("retries", () => {
    for (const status of [500, 503, 429]) {
      it(`tries again after ${status}`, async () => {
        let left = 2;
        await using server = await startRogue((_, response) => {
          if (left-- > 0) reply(response, status, { headers: { "Retry-After": "0" } });
          else reply(response, 200, { headers: manifestHeaders, body: manifest.bytes });
        });
        await using client = newClient([3_600_000, 3_600_000]); // only Retry-After can end in time
        await client.resolve(app(server));
        assert.lengthOf(server.received, 3);
      });
    }

    it("does not wait for a registry that is not there", async () => {
      await using client = newClient([3_600_000]);
      const nowhere = parseReference("127.0.0.1:1/app");
      const error = await failureOf(client.resolve(nowhere), "REGISTRY");
      assert.strictEqual(error.message, 'Cannot reach registry "127.0.0.1:1": connection refused');
    });

    it("says of a host that does not exist so", async () => {
      await using client = newClient([]);
      const reference = parseReference("registry.invalid/app");
      const error = await failureOf(client.resolve(reference), "REGISTRY");
      assert.match(
        error.message,
        /^Cannot reach registry "registry.invalid": (no such host|its name)/,
      );
    });
  });

  describe("pushBlob()", () => {
    it("sends a blob again from its start when the connection breaks", async () => {
      let breaks = 1;
      await using server = await startRogue(({ line }, response) => {
        if (line.startsWith("HEAD")) reply(response, 404);
        else if (line.startsWith("POST")) {
          reply(response, 202, { headers: { Location: "/upload?_state=a%2Fb" } });
        } else if (breaks-- > 0) response.destroy();
        else reply(response, 201);
      });
      await using client = newClient();
      const progress: number[] = [];
      const open = () => chunked(text, 5000);
      const onProgress = (sent: number) => void progress.push(sent);
      const pushed = await client.pushBlob(app(server), blob, { open, onProgress });
      assert.strictEqual(pushed, "uploaded");
      assert.deepEqual(progress, [5000, 10_000, 5000, 10_000]);
      const last = server.received.at(-1);
      assert.isTrue(last?.body.equals(text));
      const query = `_state=a%2Fb&digest=${encodeURIComponent(blob.digest)}`;
      assert.strictEqual(last.line, `PUT /upload?${query}`);
    });

    it("uploads where the registry cannot mount", async () => {
      await using server = await startRogue(({ line }, response) => {
        if (line.startsWith("HEAD")) reply(response, 404);
        else if (line.startsWith("PUT")) reply(response, 201);
        else reply(response, 202, { headers: { Location: "/upload" } });
      });
      await using client = newClient();
      const options = { open: () => chunked(text), mountFrom: "org/base" };
      assert.strictEqual(await client.pushBlob(app(server), blob, options), "uploaded");
      const mount = new URLSearchParams({ mount: blob.digest, from: "org/base" }).toString();
      assert.include(server.lines(), `POST /v2/app/blobs/uploads/?${mount}`);
    });

    it("stops sending when the registry refuses halfway", async () => {
      let opened = 0;
      async function* endless(): AsyncGenerator<Uint8Array> {
        opened++;
        for (;;) {
          yield Buffer.alloc(65536);
          await new Promise(setImmediate);
        }
      }
      await using server = await startRogue(({ line }, response) => {
        if (line.startsWith("HEAD")) reply(response, 404);
        else if (line.startsWith("PUT")) reply(response, 413);
        else reply(response, 202, { headers: { Location: "/upload" } });
      }, "head");
      await using client = newClient();
      const push = client.pushBlob(app(server), { ...blob, size: 1 << 30 }, { open: endless });
      const error = await failureOf(push, "REGISTRY");
      assert.include(error.message, "status 413");
      assert.strictEqual(opened, 1);
    });

    it("fails at once where its source has not the bytes of the blob", async () => {
      await using server = await startRogue(({ line }, response) => {
        if (line.startsWith("HEAD")) reply(response, 404);
        else if (line.startsWith("PUT")) reply(response, 400);
        else reply(response, 202, { headers: { Location: "/upload" } });
      });
      await using client = newClient();
      const reversed = Buffer.from(text).reverse();
      for (const given of [text.subarray(1), Buffer.concat([text, text]), reversed]) {
        const push = client.pushBlob(app(server), blob, { open: () => chunked(given, 1000) });
        const error = await failureOf(push, "DIGEST_MISMATCH");
        assert.include(error.message, blob.digest);
      }
      const starts = server.lines().filter((line) => line.startsWith("POST"));
      assert.lengthOf(starts, 3, "one try each");
    });

    it("fails with the error of the blob's own source", async () => {
      const own = new Error("disk on fire");
      // eslint-disable-next-line @typescript-eslint/require-await -- a stream that breaks
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield text.subarray(0, 10);
        throw own;
      }
      await using server = await startRogue(({ line }, response) => {
        if (line.startsWith("HEAD")) reply(response, 404);
        else reply(response, 202, { headers: { Location: "/upload" } });
      });
      await using client = newClient();
      const push = client.pushBlob(app(server), blob, { open: broken });
      assert.strictEqual(await push.catch((error: unknown) => error), own);
    });
  });

  it("leaves no connection open once closed", async () => {
    await using server = await startRogue((_, response) => {
      reply(response, 200, { headers: manifestHeaders, body: manifest.bytes });
    });
    {
      await using client = newClient();
      await client.resolve(app(server));
    }
    await server.drained();
  });
});
