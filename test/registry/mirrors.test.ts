import { assert } from "chai";
import { mediaTypes } from "../../src/oci/descriptor.js";
import { digestOf } from "../../src/oci/digest.js";
import { parsePlatform } from "../../src/oci/platform.js";
import { parseReference } from "../../src/oci/reference.js";
import type { Credentials } from "../../src/registry/docker-config.js";
import { RegistryClient } from "../../src/registry/registry-client.js";
import { readRegistries } from "../../src/registry/registry-settings.js";
import { failureOf } from "../oci/build-errors.js";
import { chunked, collect } from "../oci/bytes.js";
import { makeImage } from "../oci/sample-image.js";
import { listen, makeProxy } from "./http/test-proxy.js";
import { FakeClock } from "./http/fake-clock.js";
import { startRegistry, type RegistryServer } from "./docker-registry.js";
import { reply, startRogue, type Answer } from "./rogue-server.js";

const amd64 = parsePlatform("linux/amd64");
const image = makeImage("app", amd64);
const { manifest } = image;
const text = Buffer.from("0123456789".repeat(1000));
const blob = { mediaType: mediaTypes.layer, digest: digestOf(text), size: text.byteLength };

interface Settings {
  readonly registries: Readonly<Record<string, unknown>>;
  readonly credentials?: (registry: string) => Credentials | undefined;
  readonly proxy?: number;
}

function newClient({ registries, credentials, proxy }: Settings): RegistryClient {
  return new RegistryClient({
    registries: readRegistries(registries, "config.json"),
    credentials: (registry) => Promise.resolve(credentials?.(registry)),
    clock: new FakeClock(),
    proxy: () => (proxy === undefined ? undefined : new URL(`http://127.0.0.1:${proxy}`)),
  });
}

const giveManifest: Answer = (_, response) => {
  reply(response, 200, { headers: { "Content-Type": mediaTypes.manifest }, body: manifest.bytes });
};

describe("N08 mirrors", () => {
  let registry: RegistryServer;

  before(async () => {
    registry = await startRegistry();
    await using client = newClient({ registries: {} });
    const target = parseReference(`${registry.host}/prefix/org/app:1`);
    for (const { descriptor, bytes } of image.blobs.slice(0, -1)) {
      await client.pushBlob(target, descriptor, { open: () => chunked(bytes) });
    }
    await client.pushManifest(target, manifest);
  });
  after(() => registry[Symbol.asyncDispose]());

  it("below a path give a whole image, and their registry is not asked at all", async () => {
    await using origin = await startRogue((_, response) => {
      reply(response, 500);
    });
    const registries = { [origin.host]: { mirrors: [`${registry.host}/prefix`] } };
    await using client = newClient({ registries });
    const reference = parseReference(`${origin.host}/org/app:1`);
    assert.deepEqual((await client.head(reference)).digest, manifest.descriptor.digest);
    const found = await client.image(reference, amd64);
    const [layer] = found.manifest.value.layers;
    assert.isDefined(layer);
    await collect(client.blob(reference, layer));
    assert.deepEqual(origin.lines(), []);
  });

  it("are asked with the name of the registry that is meant, and with logins of their own", async () => {
    await using mirror = await startRogue((request, response) => {
      if (request.authorization !== undefined) giveManifest(request, response);
      else reply(response, 401, { headers: { "WWW-Authenticate": 'Basic realm="m"' } });
    });
    const registries = { "docker.io": { mirrors: [mirror.host] } };
    const asked: string[] = [];
    const credentials = (host: string): Credentials | undefined => {
      asked.push(host);
      return { kind: "password", username: "m", password: "m" };
    };
    await using client = newClient({ registries, credentials });
    await client.resolve(parseReference("debian:12"));
    assert.strictEqual(mirror.lines().at(-1), "GET /v2/library/debian/manifests/12?ns=docker.io");
    assert.deepEqual(asked, [mirror.host]);
  });

  const failures: Readonly<Record<string, Answer>> = {
    "knows no such image": (_, response) => {
      reply(response, 404);
    },
    "is broken": (_, response) => {
      reply(response, 503);
    },
    "wants a login": (_, response) => {
      reply(response, 401);
    },
    "has other bytes than the digest says": (_, response) => {
      reply(response, 200, { body: `${String(manifest.bytes)} ` });
    },
    "ends connections": (_, response) => {
      response.destroy();
    },
  };
  for (const [what, answer] of Object.entries(failures)) {
    it(`that ${what} leaves it to the next mirror, and then to the registry`, async () => {
      await using first = await startRogue(answer);
      await using second = await startRogue(answer);
      await using origin = await startRogue(giveManifest);
      const registries = { [origin.host]: { mirrors: [first.host, second.host] } };
      await using client = newClient({ registries });
      const { digest } = manifest.descriptor;
      const reference = parseReference(`${origin.host}/org/app@${digest}`);
      assert.strictEqual((await client.resolve(reference)).descriptor.digest, digest);
      const tried = [first, second, origin].map(({ received }) => received.length > 0);
      assert.deepEqual(tried, [true, true, true]);
      assert.lengthOf(client.takeWarnings(), what.includes("digest") ? 2 : 0);
    });
  }

  it("that cannot be reached are not asked again", async () => {
    await using mirror = await startRogue((_, response) => {
      response.destroy();
    });
    await using origin = await startRogue(giveManifest);
    await using client = newClient({ registries: { [origin.host]: { mirrors: [mirror.host] } } });
    const reference = parseReference(`${origin.host}/org/app:1`);
    await client.resolve(reference);
    const tries = mirror.received.length;
    await client.resolve(reference);
    assert.lengthOf(mirror.received, tries);
  });

  it("that break in the middle of a blob have the rest come from the registry", async () => {
    await using mirror = await startRogue((_, response) => {
      response.writeHead(200, { "Content-Length": text.length });
      response.write(text.subarray(0, 4000), () => response.destroy());
    });
    await using origin = await startRogue(({ range }, response) => {
      const start = Number(/\d+/.exec(range ?? "0")?.[0]);
      reply(response, 206, { body: text.subarray(start) });
    });
    await using client = newClient({ registries: { [origin.host]: { mirrors: [mirror.host] } } });
    const reference = parseReference(`${origin.host}/org/app`);
    assert.isTrue((await collect(client.blob(reference, blob))).equals(text));
    assert.strictEqual(origin.received.at(-1)?.range, "bytes=4000-");
  });

  it("are told nothing of a push", async () => {
    await using mirror = await startRogue((_, response) => {
      reply(response, 500);
    });
    const registries = { [registry.host]: { mirrors: [mirror.host] } };
    await using client = newClient({ registries });
    await client.pushManifest(parseReference(`${registry.host}/prefix/org/app:2`), manifest);
    assert.deepEqual(mirror.lines(), []);
  });

  it("fail with what the registry itself says", async () => {
    await using mirror = await startRogue((_, response) => {
      reply(response, 403);
    });
    const registries = { [registry.host]: { mirrors: [mirror.host] } };
    await using client = newClient({ registries });
    const reference = parseReference(`${registry.host}/none`);
    const error = await failureOf(client.resolve(reference), "IMAGE_NOT_FOUND");
    assert.include(error.message, `"${registry.host}/none:latest"`);
  });
});

describe("N10 registries without TLS, or with a certificate of nobody", () => {
  it("are spoken to when the settings of their host allow it", async () => {
    await using plain = await startRegistry();
    await using secret = await startRegistry({ tls: true });
    const asked: string[] = [];
    await using proxy = await listen(makeProxy(asked));
    const port = (server: RegistryServer) => server.host.replace(/.*:/, "");
    const cases = [
      { server: plain, settings: { http: true }, code: "IMAGE_NOT_FOUND", connects: 0 },
      { server: plain, settings: { insecure: true }, code: "IMAGE_NOT_FOUND", connects: 1 },
      { server: plain, settings: {}, code: "REGISTRY", connects: 1 },
      { server: secret, settings: { insecure: true }, code: "IMAGE_NOT_FOUND", connects: 1 },
      {
        server: secret,
        settings: { insecure: true, http: true },
        code: "IMAGE_NOT_FOUND",
        connects: 1,
      },
      { server: secret, settings: { http: true }, code: "REGISTRY", connects: 0 },
      { server: secret, settings: {}, code: "REGISTRY", connects: 1 },
    ] as const;
    for (const { server, settings, code, connects } of cases) {
      const host = `registry.test:${port(server)}`;
      await using client = newClient({ registries: { [host]: settings }, proxy: proxy.port });
      asked.length = 0;
      await failureOf(client.resolve(parseReference(`${host}/none`)), code);
      const tunnels = asked.filter((line) => line.startsWith("CONNECT"));
      assert.lengthOf(new Set(tunnels), connects, JSON.stringify([host, settings]));
    }
  });
});

describe("N08 readRegistries()", () => {
  it("knows a registry by all of its names", () => {
    const settings = readRegistries(
      { "docker.io": { http: true }, "A.example:443": { insecure: true } },
      "f",
    );
    assert.isTrue(settings.of("registry-1.docker.io").http);
    assert.isTrue(settings.of("a.example").insecure);
    assert.isFalse(settings.of("b.example").insecure);
  });

  it("splits mirrors into host and path", () => {
    const mirrors = ["a.example", "https://b.example:5000/x/y/"];
    assert.deepEqual(readRegistries({ "c.example": { mirrors } }, "f").of("c.example").mirrors, [
      { registry: "a.example", repository: "" },
      { registry: "b.example:5000", repository: "x/y" },
    ]);
  });

  const wrong: readonly (readonly [value: unknown, says: string])[] = [
    [[], 'the value of "registries" is not an object'],
    [{ "a/b": {} }, '"a/b" is not a registry host'],
    [{ a: 1 }, '"a" is not an object'],
    [{ a: { tls: true } }, '"a" has no setting "tls"'],
    [{ a: { http: "yes" } }, '"insecure" and "http" of "a" are true or false'],
    [{ a: { mirrors: "b" } }, '"mirrors" of "a" is not a list'],
    [{ a: { mirrors: ["http://b"] } }, '"http://b" is not a mirror: want a host without scheme'],
    [{ a: { mirrors: [""] } }, '"" is not a registry host'],
  ];
  for (const [value, says] of wrong) {
    it(`refuses ${JSON.stringify(value)}`, async () => {
      const error = await failureOf(() => readRegistries(value, "/c.json"), "USAGE");
      assert.strictEqual(error.message, `Cannot use the configuration file "/c.json": ${says}`);
    });
  }
});
