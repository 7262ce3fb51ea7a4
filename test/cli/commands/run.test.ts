import { join } from "node:path";
import { assert } from "chai";
import { directoryWith, temporaryDirectory } from "../../context/temporary.js";
import { reply, startRogue } from "../../registry/rogue-server.js";
import { FakeIo } from "../fake-io.js";

// As in main.test.ts: what is imported here has one copy.
const importing = import("../../../src/cli/main.js");

describe("tsbuild run", () => {
  const temporary = temporaryDirectory();

  it("says of an image that is nowhere that it is not in the store, and how to make it", async () => {
    await using server = await startRogue((_, response) => {
      reply(response, 404);
    });
    const { main } = await importing;
    const io = new FakeIo({ env: { TSBUILD_ROOT: join(directoryWith(temporary, {}), "root") } });
    const name = `${server.host}/web`;
    assert.strictEqual(await main(["run", name], io), 125);
    assert.match(
      io.errors,
      /^ERROR: Cannot run ".*\/web": it is not in the store, and to pull it failed: Cannot pull /,
    );
    assert.include(
      io.errors,
      `hint: check name and tag, or make it with: tsbuild build -t ${name} DIRECTORY\n`,
    );
  });
});
