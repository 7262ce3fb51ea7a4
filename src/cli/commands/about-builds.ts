import { basename } from "node:path";
import type { BuildRecord, HistoryPaths } from "../../progress/history/build-history.js";
import type { Blobs } from "../../store/blobs.js";
import type { BuildsCommand } from "../builds-command.js";
import type { Session } from "../session.js";

/** A command about builds of that kind. */
export type About<Kind extends BuildsCommand["kind"]> = Extract<BuildsCommand, { kind: Kind }>;

/** The parts of a session that these need. */
export type BuildsSession = Pick<Session, "io"> & {
  readonly store: {
    readonly paths: HistoryPaths;
    readonly blobs: Pick<Blobs, "has" | "readWhole">;
  };
};

/** "web (target)": the directory that was built. */
export function nameOf({ context, target }: BuildRecord): string {
  return withTarget(basename(context), target);
}

/** "/src/web (target)". */
export function fullNameOf({ context, target }: BuildRecord): string {
  return withTarget(context, target);
}

function withTarget(name: string, target: string | undefined): string {
  return target === undefined ? name : `${name} (${target})`;
}

/** "Completed", as buildx has it. */
export function statusOf({ status }: BuildRecord): string {
  return `${status.slice(0, 1).toUpperCase()}${status.slice(1)}`;
}
