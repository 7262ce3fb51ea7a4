import { createHash } from "node:crypto";
import { recent, usualTime } from "./lay-out.js";
import type { HistoryEntry, Image, Node, Outcome, Tree } from "./outcome.js";

/** What of an outcome is shown: not all that one builder writes can be asked of another one. */
export interface View {
  readonly history: boolean;
  readonly warnings: boolean;
  readonly times: boolean;
  /** Keys of the config that are left out. */
  readonly without: readonly string[];
}

/** All of it. */
export const everything: View = { history: true, warnings: true, times: true, without: [] };

/** An outcome as lines to read and to compare; of an image, what it adds to its base. */
export function render(outcome: Outcome, bases: readonly Image[], view: View): string {
  switch (outcome.kind) {
    case "failed":
      return `fails: ${outcome.message}\n`;
    case "text":
      return `exit code ${outcome.code}\n${outcome.text}`;
    case "image": {
      const { image, warnings } = outcome;
      const base = bases.find((candidate) => isBase(candidate, image)) ?? scratch;
      const lines = [
        ...configLines(image, base, view),
        ...(view.history ? historyLines(image, base) : []),
        ...treeLines(image.tree, base.tree, view),
        ...(view.warnings ? warnings.map(({ line, rule }) => `warning ${line}: ${rule}`) : []),
      ];
      return lines.map((line) => `${line}\n`).join("");
    }
  }
}

const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What an image has that adds nothing to nothing. */
const scratch: Image = {
  json: {
    architecture: "amd64",
    os: "linux",
    config: { Env: [defaultPath], WorkingDir: "/" },
    rootfs: { diff_ids: [] },
  },
  tree: new Map(),
};

function isBase({ json }: Image, image: Image): boolean {
  const [first, ...others] = json.rootfs.diff_ids;
  return others.length === 0 && first === image.json.rootfs.diff_ids[0];
}

function configLines({ json }: Image, base: Image, { without }: View): readonly string[] {
  const top = ["architecture", "os", "variant", "author"] as const;
  const ours: Record<string, unknown> = { ...pick(json, top), ...json.config };
  const theirs: Record<string, unknown> = {
    ...pick(base.json, top),
    ...base.json.config,
  };
  const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].sort();
  return names.flatMap((name) => {
    if (without.includes(name)) return [];
    const [mine, other] = [settled(ours[name]), settled(theirs[name])];
    if (mine === other) return [];
    return mine === undefined ? [`no ${name}`] : [`${name} ${mine}`];
  });
}

function pick(
  json: Image["json"],
  names: readonly (keyof Image["json"])[],
): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, json[name]]));
}

/** JSON in which nothing, null, and an empty list or map are one, and the default PATH is short. */
function settled(value: unknown): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const text = JSON.stringify(value).replace(defaultPath, "PATH");
  return text === "[]" || text === "{}" ? undefined : text;
}

function historyLines({ json }: Image, base: Image): readonly string[] {
  const entries = (json.history ?? []).slice((base.json.history ?? []).length);
  const layers = json.rootfs.diff_ids.length - base.json.rootfs.diff_ids.length;
  return [...entries.map(historyLine), `layers ${layers}`];
}

function historyLine({ created_by = "", comment = "", empty_layer = false }: HistoryEntry): string {
  const from = comment === "buildkit.dockerfile.v0" ? "" : ` (${comment})`;
  return `${empty_layer ? "history" : "layer"} ${JSON.stringify(created_by).slice(1, -1)}${from}`;
}

function treeLines(tree: Tree, base: Tree, view: View): readonly string[] {
  const [first, firstBelow] = [firstNames(tree), firstNames(base)];
  const lines: string[] = [];
  for (const path of [...new Set([...tree.keys(), ...base.keys()])].sort()) {
    const [node, below] = [tree.get(path), base.get(path)];
    if (node === undefined) lines.push(`- ${JSON.stringify(path).slice(1, -1)}`);
    else {
      const line = nodeLine(path, node, { first, view });
      const unchanged =
        below !== undefined && line === nodeLine(path, below, { first: firstBelow, view });
      if (!unchanged && !isPlainRoot(path, node)) lines.push(line);
    }
  }
  return lines;
}

/** Not every builder writes the root into a layer. */
function isPlainRoot(path: string, { mode, uid, gid }: Node): boolean {
  return path === "" && mode === 0o755 && uid === 0 && gid === 0;
}

/** The first path, by name, of each node: further ones are shown as links to it. */
function firstNames(tree: Tree): ReadonlyMap<Node, string> {
  const first = new Map<Node, string>();
  for (const path of [...tree.keys()].sort()) {
    const node = tree.get(path);
    if (node !== undefined && !first.has(node)) first.set(node, path);
  }
  return first;
}

function nodeLine(
  path: string,
  node: Node,
  { first, view }: { readonly first: ReadonlyMap<Node, string>; readonly view: View },
): string {
  const name = JSON.stringify(path === "" ? "." : path).slice(1, -1);
  const other = first.get(node);
  if (other !== undefined && other !== path) return `h ${name} = ${other}`;
  const xattrs = Object.entries(node.xattrs).map(
    ([key, value]) => ` ${key}=${JSON.stringify(value)}`,
  );
  const what = `${letters[node.type]} ${node.mode.toString(8)} ${node.uid}:${node.gid} ${name}`;
  return what + detail(node) + xattrs.sort().join("") + (view.times ? time(node) : "");
}

const letters: Readonly<Record<Node["type"], string>> = {
  file: "f",
  directory: "d",
  symlink: "l",
  character: "c",
  block: "b",
  fifo: "p",
};

function detail({ type, content, target, device }: Node): string {
  if (type === "symlink") return ` -> ${target}`;
  if (type === "file") return ` ${contentText(content)}`;
  return device === "" ? "" : ` ${device}`;
}

/** Short text as it is, anything else by size and digest. */
function contentText(content: Buffer): string {
  const text = content.toString("latin1");
  if (content.length <= 160 && /^[\t\r\n\x20-\x7e]*$/.test(text)) return JSON.stringify(text);
  const digest = createHash("sha256").update(content).digest("hex");
  return `${content.length} bytes ${digest.slice(0, 16)}`;
}

/** Nothing for the time that files of a context have, and for directories, which each builder touches
 * in its own way; "now" for what the build itself wrote. */
function time({ type, mtime }: Node): string {
  if (type === "directory" || mtime.getTime() === usualTime.getTime()) return "";
  return mtime > recent ? " now" : ` ${mtime.toISOString()}`;
}
