import type { Command } from "./command.js";
import { wantsColor } from "./display.js";
import { exitCodeOf } from "./exit-code.js";
import { drain, type Io } from "./io.js";
import { parseCommand } from "./parse-command.js";
import type { Session } from "./session.js";
import { version } from "./version.js";

/** Runs one command line to its exit code; whatever goes wrong has been told on `io.err`. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const debug = argv.includes("--debug") || argv.includes("-D");
  let command: Command | undefined;
  try {
    command = parseCommand(argv);
    return await perform(command, argv, io);
  } catch (error) {
    const { renderError } = await import("./render-error.js");
    io.err.write(renderError(error, { color: wantsColor(io), debug }));
    return exitCodeOf(error, command?.kind ?? (argv[0] === "run" ? "run" : undefined));
  } finally {
    await drain(io);
  }
}

/** Each command loads what it needs and nothing else: start-up counts. */
async function perform(command: Command, argv: readonly string[], io: Io): Promise<number> {
  if (command.kind === "help") return print(command.text, io);
  if (command.kind === "version") return print(`tsbuild ${version}\n`, io);
  if (command.kind === "build") {
    const { runBuild } = await import("./commands/build.js");
    return await runBuild(command, argv, io);
  }
  if (command.kind === "login" || command.kind === "logout") {
    const { runLogin, runLogout } = await import("./commands/login.js");
    return command.kind === "login" ? await runLogin(command, io) : await runLogout(command, io);
  }
  const { openSession } = await import("./session.js");
  await using session = await openSession(io);
  return await performIn(session, command, io);
}

function print(text: string, { out }: Io): number {
  out.write(text);
  return 0;
}

type SessionCommand = Exclude<
  Command,
  { readonly kind: "build" | "help" | "login" | "logout" | "version" }
>;

async function performIn(session: Session, command: SessionCommand, io: Io): Promise<number> {
  const { store } = session;
  switch (command.kind) {
    case "run":
      return await (await import("./commands/run.js")).runRun(command, session);
    case "pull":
      return await (await import("./commands/pull.js")).runPull(command, session);
    case "push":
      return await (await import("./commands/push.js")).runPush(command, session);
    case "imagetools-create":
      return await (await import("./commands/imagetools.js")).runCreate(command, session);
    case "imagetools-inspect":
      return await (await import("./commands/imagetools.js")).runInspect(command, session);
    case "manifest-create":
    case "manifest-annotate":
    case "manifest-inspect":
    case "manifest-push":
    case "manifest-rm":
      return await (await import("./commands/manifest.js")).runManifest(command, session);
    case "save":
      return await (await import("./commands/save.js")).runSave(command, store, io);
    case "load":
      return await (await import("./commands/load.js")).runLoad(command, session);
    case "import":
      return await (await import("./commands/import.js")).runImport(command, session);
    case "export":
      return await (await import("./commands/export.js")).runExport(command, store, io);
    case "diff":
      return await (await import("./commands/diff.js")).runDiff(command, store, io);
    case "images":
      return await (await import("./commands/images.js")).runImages(command, store, io);
    case "inspect":
      return await (await import("./commands/inspect.js")).runInspect(command, store, io);
    case "history":
      return await (await import("./commands/history.js")).runHistory(command, store, io);
    case "tag":
      return await (await import("./commands/names.js")).runTag(command, store);
    case "rmi":
      return await (await import("./commands/names.js")).runRmi(command, store, io);
    case "builds":
    case "build-attachment":
    case "build-logs":
    case "build-report":
    case "explain":
    case "remove-builds":
    case "step-log":
      return await (await import("./commands/builds.js")).runAboutBuilds(command, session);
    case "du":
      return await (await import("./commands/disk.js")).runDu(command, store, io);
    case "prune":
      return await (await import("./commands/disk.js")).runPrune(command, store, io);
  }
}
