import { randomBytes } from "node:crypto";
import { assert } from "chai";
import { mediaTypes, type Descriptor } from "../../src/oci/descriptor.js";
import { digestOf } from "../../src/oci/digest.js";
import { parsePlatform } from "../../src/oci/platform.js";
import { parseReference, type Reference } from "../../src/oci/reference.js";
import { RegistryClient } from "../../src/registry/registry-client.js";
import { failureOf } from "../oci/build-errors.js";
import { chunked, collect } from "../oci/bytes.js";
import { makeImage, type SampleImage } from "../oci/sample-image.js";
import { startRegistry, type RegistryServer } from "./docker-registry.js";
import { startFaultProxy, type Fault } from "./fault-proxy.js";
import { FakeClock } from "./http/fake-clock.js";
import { startUploadServer } from "./upload-server.js";

const amd64 = parsePlatform("linux/amd64");
const anonymous = () => Promise.resolve(undefined);

async function push(client: RegistryClient, reference: Reference, image: SampleImage) {
  for (const { descriptor, bytes } of [image.layer, image.config]) {
    await client.pushBlob(reference, descriptor, { open: () => chunked(bytes, 20) });
  }
  await client.pushManifest(reference, image.manifest);
}

async function pull(client: RegistryClient, reference: Reference): Promise<Buffer> {
  const { manifest } = await client.image(reference, amd64);
  const [layer] = manifest.value.layers;
  assert.isDefined(layer);
  return await collect(client.blob(reference, layer));
}

describe("N11 a bad network in front of docker-registry", () => {
  let registry: RegistryServer;
  let count = 0;
  before(async () => {
    registry = await startRegistry();
  });
  after(() => registry[Symbol.asyncDispose]());

  const faults: Readonly<Record<string, Fault>> = {
    "answers 429": { kind: "answer", status: 429, retryAfter: "30" },
    "answers 503": { kind: "answer", status: 503, retryAfter: "5" },
    "drops a request": { kind: "drop" },
    "loses an answer": { kind: "lose" },
    "cuts what is sent": { kind: "cut", after: 10 },
    "cuts what is answered": { kind: "truncate", after: 10 },
  };
  for (const [what, fault] of Object.entries(faults)) {
    it(`that ${what} is of no account, whichever request it is`, async () => {
      const image = makeImage(`app-${what}`, amd64);
      for (let bad = 0, asked = Infinity; bad < asked; bad++) {
        let seen = 0;
        await using proxy = await startFaultProxy(registry.host, () =>
          seen++ === bad ? fault : undefined,
        );
        const reference = parseReference(`${proxy.host}/faults/${++count}:1`);
        await using client = new RegistryClient({ credentials: anonymous, clock: new FakeClock() });
        await push(client, reference, image);
        assert.isTrue((await pull(client, reference)).equals(image.layer.bytes));
        asked = proxy.lines.length - 2; // the fault itself makes more of them
      }
    });
  }

  it("that corrupts what is pulled is found out", async () => {
    const image = makeImage("corrupt", amd64);
    await using clean = new RegistryClient({ credentials: anonymous });
    await push(clean, parseReference(`${registry.host}/corrupt:1`), image);
    for (const what of ["/manifests/", "/blobs/"]) {
      await using proxy = await startFaultProxy(registry.host, (line) =>
        line.includes(what) ? { kind: "corrupt" } : undefined,
      );
      const reference = parseReference(`${proxy.host}/corrupt:1`);
      await using client = new RegistryClient({ credentials: anonymous, clock: new FakeClock() });
      await failureOf(pull(client, reference), "DIGEST_MISMATCH");
    }
  });

  it("that stays bad is told of after 1, 2, 4 and 8 seconds", async () => {
    const clock = new FakeClock();
    await using proxy = await startFaultProxy(registry.host, () => ({
      kind: "answer",
      status: 503,
    }));
    await using client = new RegistryClient({ credentials: anonymous, clock });
    const reference = parseReference(`${proxy.host}/none`);
    const error = await failureOf(client.resolve(reference), "REGISTRY");
    assert.include(error.message, "the registry answered with status 503");
    assert.deepEqual(clock.slept, [1000, 2000, 4000, 8000]);
  });

  it("that falls silent is hung up on, and tried again", async () => {
    const image = makeImage("silent", amd64);
    let silent = true;
    await using proxy = await startFaultProxy(registry.host, (line) => {
      if (!silent || !line.startsWith("HEAD /v2/silent")) return undefined;
      silent = false;
      return { kind: "silence" };
    });
    const options = { credentials: anonymous, clock: new FakeClock(), longestSilence: 1000 };
    await using client = new RegistryClient(options);
    await push(client, parseReference(`${proxy.host}/silent:1`), image);
    assert.isFalse(silent);
  });

  it("N05 is sent pieces when the registry wants that, and what broke again from its start", async () => {
    const text = randomBytes(40 << 20);
    const blob = { mediaType: mediaTypes.layer, digest: digestOf(text), size: text.byteLength };
    for (const cut of [undefined, 1]) {
      let patches = 0;
      await using proxy = await startFaultProxy(registry.host, (line) => {
        if (line.startsWith("POST")) {
          return { kind: "header", name: "OCI-Chunk-Min-Length", value: "100" };
        }
        if (line.startsWith("PATCH") && patches++ === cut) return { kind: "cut", after: 1 << 20 };
        return undefined;
      });
      await using client = new RegistryClient({ credentials: anonymous, clock: new FakeClock() });
      const reference = parseReference(`${proxy.host}/pieces/${String(cut)}`);
      const open = () => chunked(text, 1_000_000);
      assert.strictEqual(await client.pushBlob(reference, blob, { open }), "uploaded");
      assert.strictEqual(digestOf(await collect(client.blob(reference, blob))), blob.digest);
      if (cut === undefined) assert.strictEqual(patches, 3);
      else assert.isAtLeast(patches, 4); // the cut one again, or all, as the registry knows by then how far it came
    }
  });

  it("N05 is told of an upload that is given up", async () => {
    const text = Buffer.alloc(1000, "x");
    const blob = { mediaType: mediaTypes.layer, digest: digestOf(text), size: text.byteLength };
    const abort = new AbortController();
    await using proxy = await startFaultProxy(registry.host, (line) => {
      if (!line.startsWith("PUT")) return undefined;
      setImmediate(() => {
        abort.abort(new Error("enough"));
      });
      return { kind: "silence" };
    });
    await using client = new RegistryClient({ credentials: anonymous, clock: new FakeClock() });
    const reference = parseReference(`${proxy.host}/given/up`);
    const options = { open: () => chunked(text), signal: abort.signal };
    const pushed = client.pushBlob(reference, blob, options);
    assert.strictEqual(await pushed.catch((failure: unknown) => failure), abort.signal.reason);
    const [method, path = ""] = proxy.lines.at(-1)?.split(" ") ?? [];
    assert.strictEqual(method, "DELETE");
    assert.strictEqual((await fetch(`http://${registry.host}${path}`)).status, 404, "it is gone");
  });
});

describe("N05 an upload to a registry that can go on", () => {
  const size = 20 << 20;
  const text = Buffer.alloc(size, "0123456789abcdef_");
  const blob: Descriptor = { mediaType: mediaTypes.layer, digest: digestOf(text), size };
  const piece = 16 << 20;

  const cases: readonly {
    readonly name: string;
    readonly minLength?: number;
    readonly cuts?: readonly (number | undefined)[];
    readonly miscounts?: boolean;
    readonly busy?: number;
    readonly lines: readonly string[];
  }[] = [
    { name: "is one request when nothing breaks", lines: ["PUT"] },
    {
      name: "goes on with pieces where the one request broke",
      cuts: [1 << 20],
      lines: [
        "PUT",
        "GET",
        `PATCH ${1 << 20}-${(1 << 20) + piece - 1}`,
        `PATCH ${17 << 20}-${size - 1}`,
        "PUT",
      ],
    },
    {
      name: "is made in pieces as large as the registry wants",
      minLength: 18 << 20,
      lines: [`PATCH 0-${(18 << 20) - 1}`, `PATCH ${18 << 20}-${size - 1}`, "PUT"],
    },
    {
      name: "goes on in the middle of a piece",
      minLength: 1000,
      cuts: [undefined, 1 << 20],
      lines: [
        `PATCH 0-${piece - 1}`,
        `PATCH ${piece}-${size - 1}`,
        "GET",
        `PATCH ${17 << 20}-${size - 1}`,
        "PUT",
      ],
    },
    {
      name: "waits for a registry that is too busy to tell what arrived",
      cuts: [18 << 20],
      busy: 1,
      lines: ["PUT", "GET", "GET", `PATCH ${18 << 20}-${size - 1}`, "PUT"],
    },
    {
      name: "is one request where the blob would be one piece",
      minLength: size,
      lines: ["PUT"],
    },
    {
      name: "starts again when it broke at its first byte",
      cuts: [1],
      lines: ["PUT", "GET", "HEAD", "POST", "PUT"],
    },
    {
      name: "starts again when the registry has lost the thread",
      miscounts: true,
      cuts: [1 << 20],
      lines: ["PUT", "GET", `PATCH ${(1 << 20) + 1}-${(1 << 20) + piece}`, "HEAD", "POST", "PUT"],
    },
  ];
  for (const { name, lines, ...options } of cases) {
    it(name, async () => {
      await using server = await startUploadServer(options);
      await using client = new RegistryClient({ credentials: anonymous, clock: new FakeClock() });
      const told: number[] = [];
      const pushing = {
        open: () => chunked(text, 1_000_003),
        onProgress: (sent: number) => void told.push(sent),
      };
      const reference = parseReference(`${server.host}/app`);
      assert.strictEqual(await client.pushBlob(reference, blob, pushing), "uploaded");
      assert.deepEqual(server.lines, ["HEAD", "POST", ...lines]);
      assert.strictEqual(told.at(-1), size);
      assert.isTrue(server.stored?.equals(text));
    });
  }

  it("is one request where the registry wants pieces too large for memory", async () => {
    const large = Buffer.alloc(66 << 20, "x");
    const descriptor = { ...blob, digest: digestOf(large), size: large.byteLength };
    await using server = await startUploadServer({ minLength: 65 << 20 });
    await using client = new RegistryClient({ credentials: anonymous });
    const reference = parseReference(`${server.host}/app`);
    await client.pushBlob(reference, descriptor, { open: () => chunked(large, 1 << 20) });
    assert.deepEqual(server.lines, ["HEAD", "POST", "PUT"]);
    assert.isTrue(server.stored?.equals(large));
  });

  it("has all its tries again whenever some of it arrived", async () => {
    const cuts = Array.from({ length: 9 }, () => 2 << 20);
    await using server = await startUploadServer({ cuts });
    const options = { credentials: anonymous, clock: new FakeClock(), retryDelays: [1, 1] };
    await using client = new RegistryClient(options);
    const pushing = { open: () => chunked(text, 1_000_003) };
    const reference = parseReference(`${server.host}/app`);
    assert.strictEqual(await client.pushBlob(reference, blob, pushing), "uploaded");
    assert.lengthOf(
      server.lines.filter((line) => line === "GET"),
      cuts.length,
    );
    assert.isTrue(server.stored?.equals(text));
  });
});
