import { assert } from "chai";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { streamOf } from "../../../src/oci/stream-of.js";
import { Transport } from "../../../src/registry/http/transport.js";
import { PART } from "../../../src/cache/remote/s3-parts.js";
import { digestOf } from "../../../src/oci/digest.js";
import { ObjectPlace } from "../../../src/cache/remote/object-place.js";
import { S3Objects, type S3Options } from "../../../src/cache/remote/s3-objects.js";
import { blobOf, describeCachePlace, type PlaceSite } from "../../contracts/cache-place.js";
import { failureOf } from "../../oci/build-errors.js";
import { collect } from "../../oci/bytes.js";
import { startFaultProxy, type FaultProxy } from "../../registry/fault-proxy.js";
import { reply, startRogue } from "../../registry/rogue-server.js";
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

  /** What is larger than a part, in three of them. */
  const large = randomBytes(2 * PART + 5);
  const content = { digest: digestOf(large), size: large.byteLength };

  /** The same bucket behind a bad network. */
  function through(proxy: FaultProxy, retryDelays: readonly number[]): S3Objects {
    return objects({ endpoint: new URL(`http://${proxy.host}`), retryDelays });
  }

  async function contentOf(store: S3Objects, key: string): Promise<Buffer> {
    const bytes = await store.read(key, signal);
    return await collect(bytes ?? assert.fail("there is nothing"));
  }

  it("K23 writes large objects in parts, and sends only the part again that did not arrive", async () => {
    let losses = 1;
    await using proxy = await startFaultProxy(server.url.host, (line) => {
      return line.includes("partNumber=2") && losses-- > 0 ? { kind: "lose" } : undefined;
    });
    await using store = through(proxy, [1]);
    const sent: number[] = [];
    const onProgress = (bytes: number) => sent.push(bytes);
    const open = (): AsyncIterable<Uint8Array> => streamOf(large);
    await store.write("large", content, { open, onProgress, signal });
    const parts = proxy.lines.map((line) => /partNumber=\d/.exec(line)?.[0].at(-1));
    assert.deepStrictEqual(parts, [undefined, "1", "2", "2", "3", undefined]);
    assert.deepStrictEqual(sent, [PART, 2 * PART, large.byteLength]);
    assert.isTrue((await contentOf(objects(), "large")).equals(large));
  });

  it("K23 has the server forget the parts of what cannot be read to its end", async () => {
    await using proxy = await startFaultProxy(server.url.host, () => undefined);
    await using store = through(proxy, []);
    async function* open(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(large.subarray(0, PART + 1));
      throw new Error("the disk broke");
    }
    const failure: unknown = await store.write("half", content, { open, signal }).catch(String);
    assert.strictEqual(failure, "Error: the disk broke");
    assert.match(proxy.lines.at(-1) ?? "", /^DELETE \/cache\/half\?uploadId=\w+$/);
    assert.isFalse(await store.has("half", signal));
  });

  it("K23 says of a blob that is not what its name says so, large or small", async () => {
    await using store = objects();
    const small = { digest: digestOf("small"), size: 5 };
    for (const [want, given] of [
      [content, Buffer.from(large).reverse()],
      [small, Buffer.from("smal")],
    ] as const) {
      const open = (): AsyncIterable<Uint8Array> => streamOf(given);
      await failureOf(store.write("damaged", want, { open, signal }), "DIGEST_MISMATCH");
    }
    const open = (): AsyncIterable<Uint8Array> => streamOf(large.subarray(0, 2 * PART));
    await failureOf(store.write("short", content, { open, signal }), "DIGEST_MISMATCH");
    assert.isFalse(await store.has("short", signal));
  });

  it("K23 takes an error for one that comes after the head of a good answer", async () => {
    await using odd = await startRogue(({ line }, response) => {
      const body = line.includes("uploads=")
        ? "<UploadId>1</UploadId>"
        : "<Error><Code>InternalError</Code></Error>";
      reply(response, 200, { headers: { ETag: '"1"' }, body });
    });
    await using store = objects({ endpoint: new URL(`http://${odd.host}`) });
    const open = (): AsyncIterable<Uint8Array> => streamOf(large);
    const { message } = await failureOf(store.write("a", content, { open, signal }), "REMOTE");
    const told = "Cannot write to bucket cache: the server answered InternalError";
    assert.strictEqual(message, told);
  });

  it("K23 goes on reading where the connection broke, of the same object only", async () => {
    const [text, other] = ["0123456789".repeat(100), "x".repeat(1000)];
    const put = async (bytes: string): Promise<void> => {
      await using direct = objects();
      const open = (): AsyncIterable<Uint8Array> => streamOf(Buffer.from(bytes));
      await direct.write("broken", blobOf(bytes), { open, signal });
    };
    await put(text);
    await using proxy = await startFaultProxy(server.url.host, (_, index) => {
      return index % 2 === 0 ? { kind: "truncate", after: 300 } : undefined;
    });
    await using store = through(proxy, [1]);
    assert.strictEqual(String(await contentOf(store, "broken")), text);
    assert.lengthOf(proxy.lines, 2);

    const reading = (await store.read("broken", signal)) ?? assert.fail("there is nothing");
    const { message } = await failureOf(async () => {
      let isFirst = true;
      for await (const chunk of reading) {
        assert.strictEqual(String(chunk), text.slice(0, 300));
        assert.isTrue(isFirst);
        isFirst = false;
        await put(other);
      }
    }, "REMOTE");
    const told = "Cannot read from bucket cache: what is read was replaced meanwhile";
    assert.strictEqual(message, told);
  });
});
