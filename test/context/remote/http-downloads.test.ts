import { assert } from "chai";
import { gzipSync } from "node:zlib";
import { Transport } from "../../../src/registry/http/transport.js";
import { digestOf } from "../../../src/oci/digest.js";
import { HttpDownloads } from "../../../src/context/remote/http-downloads.js";
import type { SecretSource } from "../../../src/secret-source.js";
import { prune } from "../../../src/store/garbage.js";
import type { Store } from "../../../src/store/store.js";
import { failureOf } from "../../oci/build-errors.js";
import { reply, startRogue } from "../../registry/rogue-server.js";
import { temporaryStore } from "../../store/fixture.js";

const { signal } = new AbortController();
const noSecrets: SecretSource = () => Promise.resolve(undefined);

/** Downloads into `store`, each call over connections of its own. */
async function get(
  store: Store,
  url: string,
  { checksum, limit, secrets = noSecrets, tries = 0 }: Given = {},
) {
  const transport = new Transport({ isInsecure: () => false });
  try {
    const retryDelays = Array<number>(tries).fill(0);
    const downloads = new HttpDownloads({ store, transport, secrets, retryDelays });
    return await downloads.get({ url, checksum, limit }, signal);
  } finally {
    transport.close();
  }
}

interface Given {
  readonly checksum?: ReturnType<typeof digestOf>;
  readonly limit?: number;
  readonly secrets?: SecretSource;
  readonly tries?: number;
}

describe("HttpDownloads", () => {
  it("C22 keeps the body with its time, and asks with its ETag whether it is still that", async () => {
    const tags: unknown[] = [];
    const headers = { ETag: '"1"', "Last-Modified": "Tue, 05 Mar 2024 10:00:00 GMT" };
    await using server = await startRogue(({ line }, response) => {
      tags.push(line);
      reply(response, tags.length === 1 ? 200 : 304, {
        headers,
        body: tags.length === 1 ? "a" : "",
      });
    });
    await using store = await temporaryStore();
    const url = `http://${server.host}/a`;
    const first = await get(store, url);
    assert.deepEqual(first, {
      digest: digestOf("a"),
      size: 1,
      etag: '"1"',
      lastModified: 1709632800,
    });
    assert.deepEqual(await get(store, url), first);
    assert.lengthOf(server.lines(), 2);
  });

  it("C22 takes the same ETag for the same body where a server does not know If-None-Match", async () => {
    let size = 0;
    await using server = await startRogue((_, response) => {
      // Only the first answer ever ends.
      response.writeHead(200, { ETag: size === 0 ? '"1"' : 'W/"1"' });
      if (size++ === 0) response.end("a");
      else response.write("a");
    });
    await using store = await temporaryStore();
    const url = `http://${server.host}/a`;
    assert.strictEqual((await get(store, url)).digest, digestOf("a"));
    assert.strictEqual((await get(store, url)).digest, digestOf("a"));
  });

  it("C22 keeps the body without its Content-Encoding, and takes none that is cut off or too long", async () => {
    const gzip = gzipSync("a".repeat(100));
    const bodies = [gzip, gzip.subarray(0, 15), gzip];
    await using server = await startRogue((_, response) => {
      response.writeHead(200, { "Content-Encoding": "gzip" }).end(bodies.shift());
    });
    await using store = await temporaryStore();
    const url = `http://${server.host}/a`;
    const { digest, size } = await get(store, url);
    assert.deepEqual({ digest, size }, { digest: digestOf("a".repeat(100)), size: 100 });
    const damaged = await failureOf(get(store, `${url}?secret`), "INVALID_ARCHIVE");
    assert.match(damaged.message, /^Cannot download "http:.*\/a": .*unexpected end of file$/);
    const error = await failureOf(get(store, url, { limit: 99 }), "REMOTE");
    assert.include(error.message, "more than 99 bytes");
  });

  it("C22 downloads again what has another ETag, or none", async () => {
    const answers = ['"1"', '"2"', undefined, undefined];
    let count = 0;
    await using server = await startRogue((_, response) => {
      const etag = answers[count++];
      reply(response, 200, { headers: etag === undefined ? {} : { ETag: etag }, body: `${count}` });
    });
    await using store = await temporaryStore();
    const url = `http://${server.host}/a`;
    for (const text of ["1", "2", "3", "4"]) {
      assert.strictEqual((await get(store, url)).digest, digestOf(text));
    }
  });

  it("C24 needs no network for a checksum whose body is here, and refuses another body", async () => {
    await using server = await startRogue((_, response) => {
      reply(response, 200, { body: "a" });
    });
    await using store = await temporaryStore();
    const url = `http://${server.host}/a`;
    const error = await failureOf(get(store, url, { checksum: digestOf("b") }), "DIGEST_MISMATCH");
    assert.include(error.message, `digest mismatch ${digestOf("a")}: want ${digestOf("b")}`);
    const asked = server.lines().length;
    const { size } = await get(store, url, { checksum: digestOf("a") });
    assert.strictEqual(size, 1);
    assert.lengthOf(server.lines(), asked);
  });

  it("C22 tells secrets to their host only, the token before the header", async () => {
    await using other = await startRogue((_, response) => {
      reply(response, 200, { body: "a" });
    });
    await using server = await startRogue((_, response) => {
      const Location = `http://localhost:${other.host.split(":")[1]}/b?signed`;
      reply(response, 302, { headers: { Location }, body: "" });
    });
    await using store = await temporaryStore();
    const values = new Map([["HTTP_AUTH_HEADER_127.0.0.1", "Basic abc"]]);
    const secrets: SecretSource = (id) => {
      const value = values.get(id);
      return Promise.resolve(value === undefined ? undefined : Buffer.from(`${value}\n`));
    };
    await get(store, `http://${server.host}/a`, { secrets });
    values.set("HTTP_AUTH_TOKEN_127.0.0.1", "token");
    await get(store, `http://${server.host}/a`, { secrets });
    const sent = [...server.received, ...other.received].map((request) => request.authorization);
    assert.deepEqual(sent, ["Basic abc", "Bearer token", undefined, undefined]);
  });

  it("tries again after what passes, and tells of what does not", async () => {
    const statuses = [503, 200, 404, 401];
    await using server = await startRogue((_, response) => {
      reply(response, statuses.shift() ?? 302, { headers: { Location: "/a" }, body: "a" });
    });
    await using store = await temporaryStore();
    const url = `http://${server.host}/a`;
    await get(store, `${url}?secret`, { tries: 1 });
    const missing = await failureOf(get(store, `${url}?secret`), "REMOTE");
    assert.strictEqual(missing.message, `Cannot download "${url}": invalid response status 404`);
    const denied = await failureOf(get(store, url), "REMOTE");
    assert.include(denied.hint ?? "", "HTTP_AUTH_TOKEN_127.0.0.1");
    assert.include((await failureOf(get(store, url), "REMOTE")).message, "too many redirects");
  });

  it("B05 stops at the limit", async () => {
    await using server = await startRogue((_, response) => {
      reply(response, 200, { body: "0123456789" });
    });
    await using store = await temporaryStore();
    const url = `http://${server.host}/a`;
    assert.include(
      (await failureOf(get(store, url, { limit: 9 }), "REMOTE")).message,
      "more than 9",
    );
    assert.strictEqual((await get(store, url, { limit: 10 })).size, 10);
  });

  it("is pruned with what nothing needs", async () => {
    await using server = await startRogue((_, response) => {
      reply(response, 200, { headers: { ETag: '"1"' }, body: "a" });
    });
    await using store = await temporaryStore();
    const url = `http://${server.host}/a`;
    await get(store, url);
    assert.deepEqual(
      (await prune(store)).map(({ key }) => key),
      [digestOf("a")],
    );
    assert.isUndefined(await store.downloads.get(url));
    await get(store, url);
  });
});
