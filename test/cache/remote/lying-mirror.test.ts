import { assert } from "chai";
import { Board } from "../../../src/builder/board.js";
import type { BuildEvent } from "../../../src/builder/event.js";
import { StepRecords } from "../../../src/cache/records.js";
import { StoredFacts } from "../../../src/cache/rootfs-facts.js";
import { exportCache } from "../../../src/cache/remote/export-cache.js";
import { RemoteSteps } from "../../../src/cache/remote/remote-steps.js";
import { RegistryPlace } from "../../../src/cache/remote/registry-place.js";
import { parseReference } from "../../../src/oci/reference.js";
import { RegistryClient } from "../../../src/registry/registry-client.js";
import { readRegistries } from "../../../src/registry/registry-settings.js";
import { asGzip } from "../../../src/store/layer-bytes.js";
import { TestBuilds } from "../../builder/support/test-builds.js";
import { startRegistry } from "../../registry/docker-registry.js";
import { startFaultProxy } from "../../registry/fault-proxy.js";
import { fewSteps as text } from "./few-steps.js";

const { signal } = new AbortController();

/** The cache in a repository of `host`, which is read from `mirror` first. */
function openPlace(host: string, mirror?: string): RegistryPlace {
  const registries = mirror === undefined ? {} : { [host]: { mirrors: [mirror] } };
  const client = new RegistryClient({
    credentials: () => Promise.resolve(undefined),
    registries: readRegistries(registries, "config.json"),
  });
  return new RegistryPlace({
    reference: parseReference(`${host}/team/app:cache`),
    platforms: [],
    registry: () => Promise.resolve(client),
    close: () => client[Symbol.asyncDispose](),
  });
}

async function exportSteps(machine: TestBuilds, host: string): Promise<void> {
  const { steps, states } = await machine.build(text);
  const { layerBytes, now } = machine.store;
  const told = { cache: new StepRecords(machine.store), facts: new StoredFacts(machine.store) };
  const exported = { steps, states, ...told, layerBytes, now, isLost: () => false };
  await using place = openPlace(host);
  const options = { signal, progress: () => undefined };
  await exportCache(place, { ...exported, compression: asGzip }, options);
}

describe("a cache in a registry with a mirror that lies", () => {
  it("K17 N08 has its document and its layers come from the registry itself", async () => {
    await using registry = await startRegistry();
    await using mirror = await startFaultProxy(registry.host, (line) =>
      /^GET .*\/blobs\//.test(line) ? { kind: "corrupt" } : undefined,
    );
    await using first = await TestBuilds.open({ a: "1" });
    await using second = await TestBuilds.open({ a: "1" });
    await exportSteps(first, registry.host);

    await using place = openPlace(registry.host, mirror.host);
    const events: BuildEvent[] = [];
    const board = new Board((event) => events.push(event));
    const remoteCache = new RemoteSteps([place], { store: second.store, board });
    const built = await second.build(text, { remoteCache, whole: true });

    assert.deepStrictEqual(built.executor.commands, []);
    const warnings = events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
    assert.lengthOf(warnings, 4, "the document and three layers");
    for (const warning of warnings) {
      assert.include(warning, `Cannot use what mirror "${mirror.host}" gave: Cannot accept blob`);
    }
  });
});
