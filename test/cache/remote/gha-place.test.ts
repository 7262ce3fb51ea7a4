import { assert } from "chai";
import { Transport } from "../../../src/registry/http/transport.js";
import { GhaObjects } from "../../../src/cache/remote/gha-objects.js";
import { ObjectPlace } from "../../../src/cache/remote/object-place.js";
import { streamOf } from "../../../src/oci/stream-of.js";
import { digestOf } from "../../../src/oci/digest.js";
import { PART } from "../../../src/cache/remote/s3-parts.js";
import { chunked, collect } from "../../oci/bytes.js";
import { startFaultProxy, type Fault } from "../../registry/fault-proxy.js";
import { blobOf, describeCachePlace, type PlaceSite } from "../../contracts/cache-place.js";
import { failureOf } from "../../oci/build-errors.js";
import { startGha, type GhaServer } from "./gha-server.js";

const { signal } = new AbortController();

describe("GhaObjects", () => {
  let server: GhaServer;
  let sites = 0;

  before(async () => {
    server = await startGha();
  });

  after(async () => {
    await server[Symbol.asyncDispose]();
  });

  function objects(replaced: RegExp, token = server.token): GhaObjects {
    const transport = new Transport({ isInsecure: () => false });
    const isReplaced = (key: string): boolean => replaced.test(key);
    return new GhaObjects({ transport, retryDelays: [], url: server.url, token, isReplaced });
  }

  function openSite(): Promise<PlaceSite> {
    const root = `tsbuild-${++sites}-`;
    const latest = `${root}latest`;
    const keys = { latest, records: `${root}record-`, mounts: root, blobs: `${root}blob-` };
    return Promise.resolve({
      open: () => new ObjectPlace(objects(/-latest$|-mount-/), keys),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  }

  describeCachePlace("GitHub's cache service", openSite);

  it("K22 takes no entry for another one whose key only begins like it", async () => {
    const site = await openSite();
    await using place = site.open();
    await place.setLatest({ steps: [], facts: [], bases: [] }, signal);
    await using own = objects(/^none$/);
    assert.isFalse(await own.has(`tsbuild-${sites}-lat`, signal));
  });

  it("K22 says that a token is refused, and does not tell it", async () => {
    await using wrong = objects(/^latest$/, "hunter2");
    const { message } = await failureOf(wrong.has("a", signal), "REMOTE");
    assert.strictEqual(
      message,
      "Cannot use GitHub's cache service: the server answered 401 (unauthenticated)",
    );
  });

  it("K22 sends what is large in blocks, and again only the one that broke", async () => {
    const bytes = Buffer.alloc(2 * PART + 5, "0123456789abcdef\n");
    const wrong: readonly Fault[] = [
      { kind: "cut", after: 100_000 },
      { kind: "lose" },
      { kind: "answer", status: 503, retryAfter: "0" },
    ];
    let next = 0;
    await using proxy = await startFaultProxy(server.url.host, (line, index) =>
      /comp=block(?:list)?\b/.test(line) && index % 2 === 0 ? wrong[next++] : undefined,
    );
    await using store = new GhaObjects({
      transport: new Transport({ isInsecure: () => false }),
      retryDelays: [1, 1],
      url: new URL(`http://${proxy.host}/`),
      token: server.token,
      isReplaced: () => false,
    });
    const told: number[] = [];
    const options = {
      open: () => chunked(bytes, 1 << 20),
      signal,
      onProgress: (n: number) => told.push(n),
    };
    await store.write("large", { digest: digestOf(bytes), size: bytes.length }, options);
    const read = (await store.read("large", signal)) ?? assert.fail("there is nothing");
    assert.isTrue((await collect(read)).equals(bytes));
    assert.deepStrictEqual(told, [PART, 2 * PART, bytes.length]);
    const puts = proxy.lines.filter((line) => line.startsWith("PUT"));
    const blocks = puts.map((line) => /blockid=([^&]*)/.exec(line)?.[1] ?? "list");
    assert.deepStrictEqual([...new Set(blocks)].length, 4, "three blocks and their list");
    assert.strictEqual(next, wrong.length);
    assert.lengthOf(puts, 4 + wrong.length);
  });

  it("K22 goes on reading where the connection broke", async () => {
    const text = "0123456789".repeat(100);
    let cuts = 1;
    await using proxy = await startFaultProxy(server.url.host, (line) => {
      return line.startsWith("GET /blobs/") && cuts-- > 0
        ? { kind: "truncate", after: 300 }
        : undefined;
    });
    await using store = new GhaObjects({
      transport: new Transport({ isInsecure: () => false }),
      retryDelays: [1],
      url: new URL(`http://${proxy.host}/`),
      token: server.token,
      isReplaced: () => false,
    });
    const open = (): AsyncIterable<Uint8Array> => streamOf(Buffer.from(text));
    await store.write("broken", blobOf(text), { open, signal });
    const bytes = (await store.read("broken", signal)) ?? assert.fail("there is nothing");
    assert.strictEqual(String(await collect(bytes)), text);
    assert.lengthOf(
      proxy.lines.filter((line) => line.startsWith("GET /blobs/")),
      2,
    );
  });
});
