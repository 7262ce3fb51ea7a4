import { assert } from "chai";
import { mediaTypes } from "../../src/oci/descriptor.js";
import { digestOf } from "../../src/oci/digest.js";
import { parsePlatform } from "../../src/oci/platform.js";
import { parseReference } from "../../src/oci/reference.js";
import { RegistryClient } from "../../src/registry/registry-client.js";
import { failureOf } from "../oci/build-errors.js";
import { chunked, collect } from "../oci/bytes.js";
import { makeImage } from "../oci/sample-image.js";
import { FakeClock } from "./http/fake-clock.js";
import { reply, startRogue, type Answer } from "./rogue-server.js";

const { manifest } = makeImage("app", parsePlatform("linux/amd64"));
const text = Buffer.from("0123456789".repeat(1000));
const blob = { mediaType: mediaTypes.layer, digest: digestOf(text), size: text.byteLength };
const clock = new FakeClock();

function newClient(): RegistryClient {
  return new RegistryClient({ credentials: () => Promise.resolve(undefined), clock });
}

const manifestType = { "Content-Type": mediaTypes.manifest };

describe("N03 registries that answer otherwise than most", () => {
  it("and know no HEAD are asked for the manifest itself", async () => {
    await using server = await startRogue(({ line }, response) => {
      if (line.startsWith("HEAD /v2/app")) reply(response, 405);
      else reply(response, 200, { headers: manifestType, body: Buffer.from(manifest.bytes) });
    });
    await using client = newClient();
    const found = await client.head(parseReference(`${server.host}/app:1`));
    assert.strictEqual(found.digest, manifest.descriptor.digest);
  });

  for (const promise of [`sha512:${"0".repeat(128)}`, "no digest"]) {
    it(`and name a manifest "${promise.slice(0, 9)}…" are taken at their bytes`, async () => {
      const headers = { ...manifestType, "Docker-Content-Digest": promise };
      await using server = await startRogue((_, response) => {
        reply(response, 200, { headers, body: Buffer.from(manifest.bytes) });
      });
      await using client = newClient();
      const found = await client.resolve(parseReference(`${server.host}/app:1`));
      assert.strictEqual(found.descriptor.digest, manifest.descriptor.digest);
    });
  }

  it("and go on with a blob earlier than asked give each byte once", async () => {
    await using server = await startRogue(({ range }, response) => {
      if (range === undefined) {
        response.writeHead(200, { "Content-Length": text.length });
        response.write(text.subarray(0, 4000), () => response.destroy());
        return;
      }
      const headers = { "Content-Range": `bytes 1000-${text.length - 1}/${text.length}` };
      reply(response, 206, { headers, body: text.subarray(1000) });
    });
    await using client = newClient();
    const got = await collect(client.blob(parseReference(`${server.host}/app`), blob));
    assert.isTrue(got.equals(text));
  });

  it("and have 12,000 tags on pages, the last of which leads to itself, give each once", async () => {
    const size = 100;
    const pages = 120;
    await using server = await startRogue(({ line }, response) => {
      const page = Number(/page=(\d+)/.exec(line)?.[1] ?? 0);
      const tags = Array.from({ length: size }, (_, index) => `v${page * size + index}`);
      const next = Math.min(page + 1, pages - 1);
      const headers = { Link: `</v2/app/tags/list?page=${next}>; rel="next"` };
      reply(response, 200, { headers, body: JSON.stringify({ name: "app", tags }) });
    });
    await using client = newClient();
    const tags = await client.tags(parseReference(`${server.host}/app`));
    assert.lengthOf(tags, size * pages);
    assert.lengthOf(new Set(tags), size * pages);
  });

  it("and whose list of tags has no end are not read for ever", async () => {
    const tags = Array.from({ length: 10_000 }, () => "t".repeat(128));
    await using server = await startRogue(({ line }, response) => {
      const page = Number(/page=(\d+)/.exec(line)?.[1] ?? 0);
      const headers = { Link: `</v2/app/tags/list?page=${page + 1}>; rel="next"` };
      reply(response, 200, { headers, body: JSON.stringify({ name: "app", tags }) });
    });
    await using client = newClient();
    const { message } = await failureOf(
      client.tags(parseReference(`${server.host}/app`)),
      "REGISTRY",
    );
    assert.match(message, /^Cannot pull ".*\/app:latest": its list of tags is larger than 32 MiB$/);
    assert.lengthOf(server.received, 26);
  });

  it("N02 and whose token server is busy are asked again when that wants it", async () => {
    let busy = true;
    await using server = await startRogue(({ line, authorization }, response) => {
      const challenge = `Bearer realm="http://${server.host}/token",service="s"`;
      if (line.startsWith("GET /token")) {
        if (busy) reply(response, 429, { headers: { "Retry-After": "17" } });
        else reply(response, 200, { body: '{"token":"t"}' });
        busy = false;
      } else if (authorization === "Bearer t") {
        reply(response, 200, { headers: manifestType, body: Buffer.from(manifest.bytes) });
      } else {
        reply(response, 401, { headers: { "WWW-Authenticate": challenge } });
      }
    });
    await using client = newClient();
    clock.slept.length = 0;
    await client.resolve(parseReference(`${server.host}/app:1`));
    assert.deepEqual(clock.slept, [17_000]);
  });
});

describe("N05 uploads to registries that answer otherwise than most", () => {
  /** Answers `POST` with this place, and keeps what is put there. */
  function uploading(location: string, { head = 404, mount = 202, put = 201 } = {}): Answer {
    return ({ line }, response) => {
      const [method = ""] = line.split(" ");
      if (method === "HEAD") reply(response, line.includes("/blobs/") ? head : 200);
      else if (method === "POST" && line.includes("mount=") && mount !== 202)
        reply(response, mount);
      else if (method === "POST") reply(response, 202, { headers: { Location: location } });
      else reply(response, put);
    };
  }

  const cases: readonly {
    readonly name: string;
    readonly location?: string;
    readonly head?: number;
    readonly mount?: number;
    readonly put?: number;
    readonly puts?: string;
  }[] = [
    {
      name: "that name a place with a signed query leave that as it is",
      location: "/upload/1?sig=a%20b+c~d%2f*&_state=e==",
      puts: "/upload/1?sig=a%20b+c~d%2f*&_state=e==&digest=",
    },
    {
      name: "that name a relative place find it",
      location: "../../../upload/2",
      puts: "/v2/org/upload/2?digest=",
    },
    { name: "that know no HEAD of blobs are made", head: 405 },
    { name: "that refuse to mount with 400 are made", mount: 400 },
    { name: "that refuse to mount with 404 are made", mount: 404 },
    { name: "that refuse to mount with 405 are made", mount: 405 },
    { name: "that end with 204 are done", put: 204 },
  ];
  for (const { name, location = "/upload/0", puts = "/upload/0?digest=", ...statuses } of cases) {
    it(name, async () => {
      await using server = await startRogue(uploading(location, statuses));
      await using client = newClient();
      const reference = parseReference(`${server.host}/org/app`);
      const options = { open: () => chunked(text), mountFrom: "org/other" };
      assert.strictEqual(await client.pushBlob(reference, blob, options), "uploaded");
      const last = server.received.at(-1);
      assert.strictEqual(last?.line, `PUT ${puts}${encodeURIComponent(blob.digest)}`);
      assert.isTrue(last?.body.equals(text));
    });
  }
});
