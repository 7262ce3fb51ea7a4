import { parseReference } from "../../src/oci/reference.js";
import { RegistryClient } from "../../src/registry/registry-client.js";
import { RegistryPlace } from "../../src/travel/registry-place.js";
import { describeCachePlace, type PlaceSite } from "../contracts/cache-place.js";
import { startRegistry, type RegistryServer } from "../registry/docker-registry.js";

describe("RegistryPlace", () => {
  let server: RegistryServer;
  let repositories = 0;

  before(async () => {
    server = await startRegistry();
  });

  after(async () => {
    await server[Symbol.asyncDispose]();
  });

  function openSite(tag: string): Promise<PlaceSite> {
    const client = new RegistryClient({ credentials: () => Promise.resolve(undefined) });
    const reference = parseReference(`${server.host}/team/cache-${++repositories}:${tag}`);
    const platforms = [{ os: "linux", architecture: "amd64" }];
    return Promise.resolve({
      open: () =>
        new RegistryPlace({ reference, platforms, registry: () => Promise.resolve(client) }),
      [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
    });
  }

  describeCachePlace("registry", () => openSite("cache"));
  describeCachePlace("registry, with the longest tag", () => openSite("t".repeat(128)));
});
