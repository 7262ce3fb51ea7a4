import { assert } from "chai";
import type { StoreCommand } from "../../../src/cli/store-command.js";
import { runDiff } from "../../../src/cli/commands/diff.js";
import { runDu, runPrune } from "../../../src/cli/commands/disk.js";
import { runExport } from "../../../src/cli/commands/export.js";
import { runHistory } from "../../../src/cli/commands/history.js";
import { runImages } from "../../../src/cli/commands/images.js";
import { runImport } from "../../../src/cli/commands/import.js";
import { runInspect } from "../../../src/cli/commands/inspect.js";
import { runLoad } from "../../../src/cli/commands/load.js";
import { runRmi, runTag } from "../../../src/cli/commands/names.js";
import { runSave } from "../../../src/cli/commands/save.js";
import { parseCommand } from "../../../src/cli/parse-command.js";
import type { Session } from "../../../src/cli/session.js";
import type { Store } from "../../../src/store/store.js";
import { FakeIo, type World } from "../fake-io.js";

/** Runs one command line on a store, and answers the world afterwards. */
export async function runLine(
  store: Store,
  argv: readonly string[],
  world: World = {},
): Promise<FakeIo> {
  const io = new FakeIo(world);
  const command = parseCommand(argv);
  assert.strictEqual(await perform(command as StoreCommand, store, io), 0);
  return io;
}

/** As main() does, with a store at hand. */
export async function perform(command: StoreCommand, store: Store, io: FakeIo): Promise<number> {
  switch (command.kind) {
    case "images":
      return await runImages(command, store, io);
    case "inspect":
      return await runInspect(command, store, io);
    case "history":
      return await runHistory(command, store, io);
    case "tag":
      return await runTag(command, store);
    case "rmi":
      return await runRmi(command, store, io);
    case "save":
      return await runSave(command, store, io);
    case "load":
      return await runLoad(command, sessionOf(store, io));
    case "import":
      return await runImport(command, sessionOf(store, io));
    case "export":
      return await runExport(command, store, io);
    case "diff":
      return await runDiff(command, store, io);
    case "prune":
      return await runPrune(command, store, io);
    case "du":
      return await runDu(command, store, io);
  }
}

function sessionOf(store: Store, io: FakeIo): Session {
  return {
    io,
    store,
    namespace: { user: false },
    platform: { os: "linux", architecture: "amd64" },
    registry: () => Promise.reject(new Error("no registry is needed")),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
