import { assert } from "chai";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openSession } from "../../src/cli/session.js";
import { directoryWith, temporaryDirectory } from "../context/temporary.js";
import { failureOf } from "../oci/build-errors.js";
import { FakeIo } from "./fake-io.js";

const temporary = temporaryDirectory();

describe("openSession()", () => {
  it("opens the store of TSBUILD_ROOT", async () => {
    const root = join(directoryWith(temporary, {}), "root");
    await using session = await openSession(new FakeIo({ env: { TSBUILD_ROOT: root } }));
    assert.strictEqual(session.store.paths.root, root);
    assert.isTrue(existsSync(join(root, "format")));
  });

  it("takes a relative TSBUILD_ROOT from where it was started", async () => {
    const cwd = directoryWith(temporary, {});
    await using session = await openSession(new FakeIo({ env: { TSBUILD_ROOT: "root" }, cwd }));
    assert.strictEqual(session.store.paths.root, join(cwd, "root"));
  });

  const snapshotters: readonly (readonly [string, readonly string[]])[] = [
    ["directory", ["directory"]],
    ["", ["directory", "erofs"]], // as the machine can
  ];
  for (const [name, want] of snapshotters) {
    it(`takes TSBUILD_SNAPSHOTTER "${name}"`, async () => {
      const env = { TSBUILD_ROOT: directoryWith(temporary, {}), TSBUILD_SNAPSHOTTER: name };
      await using session = await openSession(new FakeIo({ env }));
      assert.include(want, session.store.snapshotter.name);
    });
  }

  it("refuses a TSBUILD_SNAPSHOTTER that is not there", async () => {
    const env = { TSBUILD_ROOT: directoryWith(temporary, {}), TSBUILD_SNAPSHOTTER: "zfs" };
    const error = await failureOf(openSession(new FakeIo({ env })), "USAGE");
    assert.strictEqual(error.hint, 'there are "erofs" and "directory"');
  });

  it("closes the store also where no registry client could be opened", async () => {
    const env = {
      TSBUILD_ROOT: directoryWith(temporary, {}),
      XDG_CONFIG_HOME: directoryWith(temporary, {
        "tsbuild/config.json": '{ "registries": { "a.example": { "mirror": 1 } } }',
      }),
    };
    let work = "";
    {
      await using session = await openSession(new FakeIo({ env }));
      work = session.store.work;
      const failed = await session.registry().then(
        () => false,
        () => true,
      );
      assert.isTrue(failed);
    }
    assert.isFalse(existsSync(work));
  });

  it("closes the store, whose work directory goes with it", async () => {
    const env = { TSBUILD_ROOT: directoryWith(temporary, {}) };
    let work = "";
    {
      await using session = await openSession(new FakeIo({ env }));
      work = session.store.work;
      assert.isTrue(existsSync(work));
    }
    assert.isFalse(existsSync(work));
  });

  it("opens one registry client, with TSBUILD_INSECURE_REGISTRIES and without a bundle", async () => {
    const env = {
      TSBUILD_ROOT: directoryWith(temporary, {}),
      DOCKER_CONFIG: temporary,
      TSBUILD_INSECURE_REGISTRIES: "a.example:5000,,b.example",
      TSBUILD_EXTRA_CA_CERTS: join(temporary, "none.pem"),
    };
    await using session = await openSession(new FakeIo({ env }));
    assert.strictEqual(await session.registry(), await session.registry());
  });
});
