import { assert } from "chai";
import { digestOf } from "../../src/oci/digest.js";
import { BlobSources } from "../../src/store/blob-sources.js";
import { Database } from "../../src/store/database.js";
import { temporaryDirectory } from "../context/temporary.js";

describe("N06 BlobSources", () => {
  const temporary = temporaryDirectory();
  const [a, b] = [digestOf("a"), digestOf("b")];
  const at = (registry: string, repository: string) => ({ registry, repository });

  it("finds another repository of the same registry, the latest first", async () => {
    await using database = await Database.create(temporary);
    const sources = new BlobSources(database);
    assert.isUndefined(sources.find(a, at("docker.io", "me/app")));
    await sources.remember([a, b], at("docker.io", "library/debian"));
    await sources.remember([a], at("docker.io", "me/app"));
    await sources.remember([a], at("docker.io.example", "other"));
    assert.strictEqual(sources.find(a, at("docker.io", "you/app")), "me/app");
    assert.strictEqual(sources.find(a, at("docker.io", "me/app")), "library/debian");
    assert.isUndefined(sources.find(b, at("docker.io", "library/debian")));
    assert.isUndefined(sources.find(a, at("ghcr.io", "me/app")));
    await sources.keepOnly(new Set([b]));
    assert.isUndefined(sources.find(a, at("docker.io", "you/app")));
    assert.strictEqual(sources.find(b, at("docker.io", "you/app")), "library/debian");
  });

  it("remembers eight of many repositories", async () => {
    await using database = await Database.create(temporary);
    const sources = new BlobSources(database);
    for (let i = 0; i < 20; i++) await sources.remember([a], at("ghcr.io", `r${i}`));
    await sources.remember([a], at("ghcr.io", "r19"));
    const table = database.table<readonly string[]>("blob-sources");
    assert.lengthOf(table.get(a) ?? [], 8);
    assert.strictEqual(sources.find(a, at("ghcr.io", "x")), "r19");
  });
});
