import { assert } from "chai";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Board } from "../../../src/builder/board.js";
import type { BuildEvent } from "../../../src/builder/event.js";
import { DirectoryPlace } from "../../../src/cache/remote/directory-place.js";
import { packMount, spooled } from "../../../src/cache/remote/pack-mount.js";
import type { CachePlace } from "../../../src/cache/remote/place.js";
import { restoreMount } from "../../../src/cache/remote/restore-mount.js";
import { CacheSource } from "../../../src/cache/remote/source.js";
import type { Descriptor } from "../../../src/oci/descriptor.js";
import { fileBytes } from "../../../src/oci/file-bytes.js";
import { streamOf } from "../../../src/oci/stream-of.js";
import { directory, file } from "../../oci/entries.js";
import type { NewCache } from "../../../src/store/cache-mount.js";
import { TemporaryDirectory } from "../../store/fixture.js";

const { signal } = new AbortController();

/** Gives other bytes of each blob until it is told of it. */
class LyingPlace extends DirectoryPlace implements CachePlace {
  readonly #told = new Set<string>();

  override open(blob: Descriptor): AsyncGenerator<Uint8Array> {
    return this.#told.has(blob.digest) ? super.open(blob) : streamOf(Buffer.alloc(blob.size));
  }

  refuse({ digest }: Descriptor): readonly string[] {
    this.#told.add(digest);
    return ["the mirror lied"];
  }
}

describe("restoreMount()", () => {
  it("K24 N08 asks again where a place can give other bytes than those, which were not the blob", async () => {
    await using temporary = await TemporaryDirectory.make();
    const spool = join(temporary.path, "spool");
    const work = join(temporary.path, "work");
    await Promise.all([mkdir(spool), mkdir(work)]);
    const entries = [directory(""), file("a", "content")];
    const packing = { known: [], compression: { type: "gzip", level: 1 }, spool } as const;
    const chunks = await packMount(entries, packing, signal);
    await using place = new LyingPlace({ path: join(temporary.path, "cache"), tag: "latest" });
    for (const { blob } of chunks) {
      await place.write(blob, { open: () => fileBytes(spooled(spool, blob.digest)), signal });
    }

    const events: BuildEvent[] = [];
    const board = new Board((event) => events.push(event));
    const record = { id: "npm", usedAt: 0, checkedAt: 0, chunks };
    const source = new CacheSource(place, board);
    const restored: string[] = [];
    const fill = async ({ entries: found }: NewCache): Promise<void> => {
      for await (const { path } of found) restored.push(path);
    };
    assert.isTrue(await restoreMount({ record, source, fill }, { board, store: { work } }, signal));
    assert.deepEqual(restored, ["a"]);
    const warnings = events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
    assert.deepEqual(warnings, ["the mirror lied"]);
  });
});
