import { assert } from "chai";
import { Board } from "../../../src/builder/board.js";
import { exportCache } from "../../../src/cache/remote/export-cache.js";
import { RemoteSteps } from "../../../src/cache/remote/remote-steps.js";
import { GhaObjects } from "../../../src/cache/remote/gha-objects.js";
import { ObjectPlace } from "../../../src/cache/remote/object-place.js";
import type { CachePlace } from "../../../src/cache/remote/place.js";
import { RegistryPlace } from "../../../src/cache/remote/registry-place.js";
import { S3Objects } from "../../../src/cache/remote/s3-objects.js";
import { StepRecords } from "../../../src/cache/records.js";
import { StoredFacts } from "../../../src/cache/rootfs-facts.js";
import { parseReference } from "../../../src/oci/reference.js";
import { Transport } from "../../../src/registry/http/transport.js";
import { RegistryClient } from "../../../src/registry/registry-client.js";
import { asGzip } from "../../../src/store/layer-bytes.js";
import { TestBuilds, type Built, type Given } from "../../builder/support/test-builds.js";
import { startRegistry } from "../../registry/docker-registry.js";
import { startFaultProxy, type FaultProxy } from "../../registry/fault-proxy.js";
import { fewSteps as text } from "./few-steps.js";
import { startGha } from "./gha-server.js";
import { s3Credentials, startS3 } from "./s3-server.js";

const { signal } = new AbortController();

/** A kind of place: what runs behind the proxy that counts, how it is opened, and what a document costs. */
interface Kind {
  readonly name: string;
  readonly start: () => Promise<AsyncDisposable & { readonly upstream: string }>;
  readonly open: (host: string) => CachePlace;
  /** The requests that read the document. */
  readonly document: readonly RegExp[];
}

const objects = { latest: "latest", records: "record-", mounts: "", blobs: "blob-" };
const web = { transport: new Transport({ isInsecure: () => false }), retryDelays: [] };

const kinds: readonly Kind[] = [
  {
    name: "registry",
    start: async () => {
      const server = await startRegistry();
      return Object.assign(server, { upstream: server.host });
    },
    open: (host) => {
      const client = new RegistryClient({ credentials: () => Promise.resolve(undefined) });
      return new RegistryPlace({
        reference: parseReference(`${host}/team/app:cache`),
        platforms: [],
        registry: () => Promise.resolve(client),
        close: () => client[Symbol.asyncDispose](),
      });
    },
    document: [/^GET .*\/manifests\/cache$/, /^GET .*\/blobs\/sha256:/],
  },
  {
    name: "S3",
    start: async () => {
      const server = await startS3();
      return Object.assign(server, { upstream: server.url.host });
    },
    open: (host) => {
      const bucket = { bucket: "cache", region: "us-east-1", pathStyle: true };
      const endpoint = new URL(`http://${host}`);
      const options = { ...web, ...bucket, endpoint, credentials: s3Credentials };
      return new ObjectPlace(new S3Objects(options), objects);
    },
    document: [/^GET \/cache\/latest$/],
  },
  {
    name: "GitHub",
    start: async () => {
      const server = await startGha();
      return Object.assign(server, { upstream: server.url.host });
    },
    open: (host) => {
      const isReplaced = (key: string): boolean => key === "latest";
      const options = { ...web, url: new URL(`http://${host}`), token: "the-token-of-the-job" };
      return new ObjectPlace(new GhaObjects({ ...options, isReplaced }), objects);
    },
    document: [/^POST .*GetCacheEntryDownloadURL$/, /^GET \/blobs\//],
  },
];

/** A place, what is asked of it, and the machines that reach it. */
class Site implements AsyncDisposable {
  readonly #kind: Kind;
  readonly #server: Awaited<ReturnType<Kind["start"]>>;
  readonly #proxy: FaultProxy;
  readonly #machines: TestBuilds[] = [];

  private constructor(kind: Kind, server: Awaited<ReturnType<Kind["start"]>>, proxy: FaultProxy) {
    this.#kind = kind;
    this.#server = server;
    this.#proxy = proxy;
  }

  static async open(kind: Kind): Promise<Site> {
    const server = await kind.start();
    return new Site(kind, server, await startFaultProxy(server.upstream, () => undefined));
  }

  async machine(): Promise<TestBuilds> {
    const machine = await TestBuilds.open({ a: "1" });
    this.#machines.push(machine);
    return machine;
  }

  /** What is asked while `work` is done. */
  async asked(work: () => Promise<unknown>): Promise<readonly string[]> {
    const before = this.#proxy.lines.length;
    await work();
    return this.#proxy.lines.slice(before);
  }

  async build(machine: TestBuilds, dockerfile: string, given: Given = {}) {
    await using place = this.#kind.open(this.#proxy.host);
    const board = new Board(() => undefined);
    const remoteCache = new RemoteSteps([place], { store: machine.store, board });
    return await machine.build(dockerfile, { remoteCache, ...given });
  }

  async export({ store }: TestBuilds, { steps, states }: Built): Promise<void> {
    await using place = this.#kind.open(this.#proxy.host);
    const { layerBytes, now } = store;
    const told = { cache: new StepRecords(store), facts: new StoredFacts(store), states };
    const exported = { steps, ...told, layerBytes, now, isLost: () => false, compression: asGzip };
    await exportCache(place, exported, { signal, progress: () => undefined });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const machine of this.#machines) await machine[Symbol.asyncDispose]();
    await this.#proxy[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
  }
}

/** That exactly these were asked. */
function assertAsked(lines: readonly string[], wanted: readonly RegExp[]): void {
  assert.strictEqual(lines.length, wanted.length, lines.join("\n"));
  for (const [index, line] of wanted.entries()) assert.match(lines[index] ?? "", line);
}

describe("requests of a remote cache", () => {
  for (const kind of kinds) {
    it(`K17 are few where nothing is new, ${kind.name}`, async () => {
      await using site = await Site.open(kind);
      const [first, second] = [await site.machine(), await site.machine()];
      await site.export(first, await first.build(text));
      const again = await first.build(text);
      assertAsked(await site.asked(() => site.export(first, again)), kind.document);
      assertAsked(await site.asked(() => site.build(first, text)), []);
      const imported = await site.build(second, text);
      assert.deepStrictEqual(imported.executor.commands, []);
      assertAsked(await site.asked(() => site.build(second, text)), kind.document);
      assertAsked(await site.asked(() => site.export(second, imported)), kind.document);
      const whole = await site.asked(() => site.build(second, text, { whole: true }));
      const blobs = whole.filter((line) => /blobs?[/-]/.test(line) && line.startsWith("GET"));
      const documents = kind.document.filter((line) => line.test("GET /blobs/sha256:")).length;
      assert.lengthOf(blobs, documents + 3, "the layers of the image");
      const last = await site.asked(() => site.build(second, text, { whole: true }));
      assertAsked(last, kind.document); // for the steps of the first stage, which nobody fetched
    });

    it(`K33 of several at once lose nothing, ${kind.name}`, async () => {
      await using site = await Site.open(kind);
      const texts = ["FROM scratch\nRUN put a 1", "FROM scratch\nRUN put b 2"];
      await Promise.all(
        texts.map(async (dockerfile) => {
          const machine = await site.machine();
          await site.export(machine, await machine.build(dockerfile));
        }),
      );
      const third = await site.machine();
      for (const dockerfile of texts)
        assert.deepStrictEqual((await site.build(third, dockerfile)).executor.commands, []);
    });
  }
});
