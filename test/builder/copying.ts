import { openRootfs } from "../../src/context/rootfs.js";
import { openRootfsTree } from "../context/files-below.js";
import type { SelectedSource } from "../../src/context/source-tree.js";
import { placeCopy, type CopyTarget } from "../../src/builder/place-copy.js";
import { toText, type BytePath, type Entry } from "../../src/oci/changeset.js";
import type { CopyStep } from "../../src/plan/step.js";

const source = { name: "Dockerfile", text: "COPY a b" };

/** A COPY step to `destination`, with what differs from the plainest one. */
export function copyStep(destination: string, changes: Partial<CopyStep> = {}): CopyStep {
  return {
    kind: "copy",
    instruction: "COPY",
    title: `COPY . ${destination}`,
    at: { source, start: 0, end: 8 },
    origin: { kind: "context" },
    sources: [],
    files: [],
    destination,
    chown: undefined,
    chmod: undefined,
    exclude: [],
    parents: false,
    link: false,
    unpack: false,
    ...changes,
  };
}

/** What `patterns` select below a host directory, owners kept. */
export async function selectAll(
  root: string,
  patterns: readonly string[],
): Promise<readonly SelectedSource[]> {
  const tree = openRootfsTree(root);
  const selected = await Promise.all(patterns.map(async (pattern) => await tree.select(pattern)));
  return selected.flat();
}

/** The time of everything that is made on the way. */
export const now = 77;

/** Runs a COPY over the root filesystem at host path `over`. */
export async function copy(
  step: CopyStep,
  selected: readonly SelectedSource[],
  { over, ...target }: { readonly over: string; readonly work?: string } & Partial<CopyTarget>,
): Promise<readonly Entry[]> {
  const defaults = { rootfs: openRootfs(over), owner: undefined, work: over, now };
  return [...(await placeCopy(step, selected, { ...defaults, ...target }))];
}

/** Who makes the files of these tests: shown as root. */
const maker = process.getuid?.() ?? 0;

/** One line per entry: type, path, octal mode, owner, and a link's target. */
export function listing(entries: readonly Entry[]): readonly string[] {
  return entries.map((entry) => {
    if (entry.type === "whiteout" || entry.type === "opaque") return `${entry.type} ${entry.path}`;
    const { type, path, mode, uid, gid } = entry;
    const target = "target" in entry ? ` -> ${entry.target}` : "";
    const owner = uid === maker ? "0:0" : `${uid}:${gid}`;
    return `${type} ${toText(path)} ${mode.toString(8)} ${owner}${target}`;
  });
}

/** The entry at a path. */
export function entryAt(entries: readonly Entry[], path: string): Entry | undefined {
  return entries.find((entry) => entry.path === (path as BytePath));
}
