import { assert } from "chai";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { streamOf } from "../../../src/oci/stream-of.js";
import { Transport } from "../../../src/registry/http/transport.js";
import { ObjectPlace } from "../../../src/cache/travel/object-place.js";
import { S3Objects, type S3Options } from "../../../src/cache/travel/s3-objects.js";
import { blobOf, describeCachePlace, type PlaceSite } from "../../contracts/cache-place.js";
import { failureOf } from "../../oci/build-errors.js";
import { signatureIn, signatureOf } from "./signature-v4.js";
import { s3Credentials, startS3, type S3Server } from "./s3-server.js";

const { signal } = new AbortController();

describe("S3Objects", () => {
  let server: S3Server;
  let sites = 0;

  before(async () => {
    server = await startS3();
  });

  after(async () => {
    await server[Symbol.asyncDispose]();
  });

  function objects(more: Partial<S3Options> = {}): S3Objects {
    return new S3Objects({
      transport: new Transport({ isInsecure: () => false }),
      retryDelays: [],
      bucket: "cache",
      region: "us-east-1",
      endpoint: server.url,
      pathStyle: true,
      credentials: s3Credentials,
      ...more,
    });
  }

  function openSite(): Promise<PlaceSite> {
    const root = `site ${++sites}/(a)+b/`;
    return Promise.resolve({
      open: () =>
        new ObjectPlace(objects(), {
          latest: `${root}latest.json`,
          records: `${root}records/`,
          mounts: `${root}mounts/`,
          blobs: `${root}blobs/`,
        }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  }

  describeCachePlace("S3", openSite);

  it("K23 is told by the server that nobody has that key, and tells no secret", async () => {
    const credentials = { ...s3Credentials, accessKeyId: "nobody", secretAccessKey: "hunter2" };
    await using wrong = objects({ credentials });
    const open = (): AsyncIterable<Uint8Array> => streamOf(Buffer.from("a"));
    const { message } = await failureOf(wrong.write("a", blobOf("a"), { open, signal }), "REMOTE");
    assert.strictEqual(
      message,
      "Cannot write to bucket cache: the server answered 403 (InvalidAccessKeyId)",
    );
    assert.notInclude(message, "hunter2");
  });

  it("says what the server says", async () => {
    await using other = objects({ bucket: "none" });
    const open = (): AsyncIterable<Uint8Array> => streamOf(Buffer.from("a"));
    const { message } = await failureOf(other.write("a", blobOf("a"), { open, signal }), "REMOTE");
    assert.strictEqual(
      message,
      "Cannot write to bucket none: the server answered 404 (NoSuchBucket)",
    );
  });

  const styles = [
    { pathStyle: true, path: "/prefix/cache/a%20%28b%29%2Bc/%27sha256%3A1%27" },
    { pathStyle: false, path: "/prefix/a%20%28b%29%2Bc/%27sha256%3A1%27" },
  ];
  for (const { pathStyle, path } of styles) {
    it(`K23 signs what it asks for, pathStyle ${String(pathStyle)}`, async () => {
      const requests: IncomingMessage[] = [];
      const listener = createServer((request, response) => {
        requests.push(request);
        response.writeHead(404).end();
      }).listen(0, "127.0.0.1");
      await once(listener, "listening");
      const { port } = listener.address() as AddressInfo;
      const proxy = new URL(`http://127.0.0.1:${port}`);
      await using signing = objects({
        transport: new Transport({ isInsecure: () => false, proxy: () => proxy }),
        endpoint: new URL("http://s3.example/prefix"),
        pathStyle,
        credentials: { ...s3Credentials, sessionToken: "token" },
      });
      assert.isFalse(await signing.has("a (b)+c/'sha256:1'", signal));
      listener.close();
      const [request] = requests;
      if (request === undefined) assert.fail("nothing was asked");
      const host = pathStyle ? "s3.example" : "cache.s3.example";
      assert.deepInclude(request.headers, { host, "x-amz-security-token": "token" });
      assert.strictEqual(request.url, `http://${host}${path}`);
      assert.strictEqual(signatureIn(request), signatureOf(request, s3Credentials.secretAccessKey));
    });
  }

  it("tells that nobody answers", async () => {
    await using gone = objects({ endpoint: new URL("http://127.0.0.1:1") });
    const { message } = await failureOf(gone.has("a", signal), "REMOTE");
    assert.strictEqual(message, "Cannot read from bucket cache: connection refused");
  });
});
