import type { Board } from "../../builder/board.js";
import type { Remotes } from "../../context/remote/remotes.js";
import type { SecretSource } from "../../secret-source.js";
import type { BuildCommand } from "../build-command.js";
import type { Io } from "../io.js";
import { withProgress } from "../progress.js";
import { openSession, type Session } from "../session.js";
import { storeParts, type Building } from "./engine.js";
import { ForeignContexts, type OpenForeign } from "./foreign-contexts.js";
import type { RemoteTools } from "./remote-input.js";
import { readInput, type BuildInput, type FoundInput } from "./input.js";
import { remoteContext } from "./named-contexts.js";
import { planOptions } from "./plan.js";
import { BuildRemotes } from "./remotes.js";

/** What a build starts from, but for its Dockerfile. */
export interface Preparing extends Pick<Building, "looked"> {
  readonly command: BuildCommand;
  readonly session: Session;
  readonly board: Board;
}

interface Equipped extends Preparing {
  readonly remotes: Remotes;
}

/**
 * Reads the Dockerfile where that was still to be done, and names the contexts from elsewhere.
 * Disposing ends the connections.
 */
export async function prepareBuild(
  found: FoundInput,
  preparing: Preparing,
): Promise<AsyncDisposable & Building> {
  const { command, session } = preparing;
  const startedAt = new Date();
  const secrets = await readSecrets(command, session.io);
  const remotes = new BuildRemotes(session, secrets);
  try {
    const equipped = { ...preparing, remotes };
    const sources = new Map<string | undefined, OpenForeign>();
    const input = await readFound(found, sources, equipped);
    await nameContexts(sources, equipped);
    const contexts = new ForeignContexts(sources, storeParts(session.store), session.io.signal);
    const close = (): Promise<void> => remotes[Symbol.asyncDispose]();
    return { ...equipped, secrets, input, contexts, startedAt, [Symbol.asyncDispose]: close };
  } catch (error) {
    await remotes[Symbol.asyncDispose]();
    throw error;
  }
}

/** The Dockerfile alone, for questions about it; what is elsewhere is fetched. */
export async function prepareInput(command: BuildCommand, io: Io): Promise<BuildInput> {
  const found = await readInput(command, io);
  if (found.kind === "local") return found.input;
  return await withProgress(command, io, async (board) => {
    await using session = await openSession(io);
    await using building = await prepareBuild(found, { command, session, board });
    return building.input;
  });
}

async function readSecrets({ secrets }: BuildCommand, io: Io): Promise<SecretSource> {
  if (secrets.length === 0) return () => Promise.resolve(undefined);
  return (await import("./secrets.js")).openSecrets(secrets, io);
}

async function readFound(
  found: FoundInput,
  sources: Map<string | undefined, OpenForeign>,
  preparing: Equipped,
): Promise<BuildInput> {
  if (found.kind === "local") return found.input;
  const { readRemoteInput } = await import("./remote-input.js");
  const { input, context } = await readRemoteInput(found.input, toolsOf(preparing));
  if (context !== undefined) sources.set(undefined, context);
  return input;
}

async function nameContexts(
  sources: Map<string | undefined, OpenForeign>,
  preparing: Equipped,
): Promise<void> {
  for (const [name, value] of preparing.command.buildContexts) {
    const source = remoteContext(value);
    if (source === undefined) continue;
    const { openNamed } = await import("./remote-input.js");
    sources.set(name, openNamed(source, `load context ${name}`, toolsOf(preparing)));
  }
}

function toolsOf(preparing: Equipped): RemoteTools {
  const { command, session } = preparing;
  return { ...preparing, buildArgs: planOptions(command, session.io).buildArgs };
}
