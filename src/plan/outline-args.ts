import type { Span } from "../error.js";
import type { Arg, Word } from "../parser/instruction.js";
import { describe } from "./describe.js";
import type { DraftedFile } from "./draft-file.js";
import type { Draft } from "./draft.js";
import { expand } from "./expand.js";
import type { Node } from "./graph.js";

/** A secret or an agent that a RUN mounts. */
export interface OutlinedMount {
  /** Its id. */
  readonly name: string;
  readonly required: boolean;
  /** The first RUN that mounts it. */
  readonly at: Span;
}

/** An ARG that the target, or a stage that it needs, declares. */
export interface OutlinedArg {
  readonly name: string;
  /** As it is with the build arguments given. */
  readonly value: string | undefined;
  readonly description: string | undefined;
  /** The instruction that declares it. */
  readonly at: Span;
}

/** In the order of the file; of several of one name, the one of the stage nearest to the target. */
export function outlineArgs(file: DraftedFile): readonly OutlinedArg[] {
  const found = new Map<string, OutlinedArg>();
  const globals = new GlobalDeclarations(file);
  for (const { node, draft } of fromTarget(file)) {
    for (const arg of [...stageArgs(node, draft, globals), ...globals.usedBy(node)]) {
      if (!found.has(arg.name)) found.set(arg.name, arg);
    }
  }
  return [...found.values()].sort((a, b) => a.at.start - b.at.start);
}

/** What the target and all that it needs mount from the user, in the order of the file. */
export function outlineMounts(file: DraftedFile, kind: "secret" | "ssh"): readonly OutlinedMount[] {
  const found = new Map<string, OutlinedMount>();
  for (const { draft } of fromTarget(file)) {
    for (const step of draft.steps) {
      for (const mount of step.kind === "run" ? step.mounts : []) {
        if (mount.kind !== kind || found.has(mount.id)) continue;
        found.set(mount.id, { name: mount.id, required: mount.required, at: step.at });
      }
    }
  }
  return [...found.values()].sort((a, b) => a.at.start - b.at.start);
}

interface Visited {
  readonly node: Node;
  readonly draft: Draft;
}

/** The target, what it starts from, and what they copy from. */
function fromTarget({ nodes, drafts, target }: DraftedFile): readonly Visited[] {
  const stages = new Set([target]);
  const visited: Visited[] = [];
  for (const { index } of stages) {
    const node = nodes[index];
    const draft = drafts[index];
    if (node === undefined || draft === undefined) continue;
    visited.push({ node, draft });
    for (const { stage } of node.stages) stages.add(stage);
  }
  return visited;
}

/** A name without a default takes value and description of the global ARG that has one. */
function stageArgs(
  { stage, triggers }: Node,
  { args }: Draft,
  globals: GlobalDeclarations,
): readonly OutlinedArg[] {
  const found = new Map<string, OutlinedArg>();
  for (const instruction of [...triggers, ...stage.instructions]) {
    if (instruction.kind !== "arg") continue;
    for (const { name, value: preset } of instruction.names) {
      const imported = preset === undefined ? globals.find(name.text) : undefined;
      if (preset === undefined && imported === undefined && globals.isPredefined(name.text))
        continue;
      const own = outlined(instruction, name, args.get(name.text));
      found.set(name.text, { ...own, ...imported, value: own.value });
    }
  }
  return [...found.values()];
}

function outlined(arg: Arg, { text: name }: Word, value: string | undefined): OutlinedArg {
  return { name, value, description: describe(arg, name), at: arg.at };
}

/** The ARGs before the first FROM. */
class GlobalDeclarations {
  readonly #file: DraftedFile;
  readonly #args = new Map<string, OutlinedArg>();
  readonly #defaults = new Map<string, string>();

  constructor(file: DraftedFile) {
    const { globals } = file.setting;
    this.#file = file;
    for (const arg of file.args) {
      for (const { name, value } of arg.names) {
        this.#args.set(name.text, outlined(arg, name, globals.get(name.text)));
        this.#defaults.set(name.text, value?.text ?? "");
      }
    }
  }

  /** One that has a value. */
  find(name: string): OutlinedArg | undefined {
    const arg = this.#args.get(name);
    return arg?.value === undefined ? undefined : arg;
  }

  /** Known without being declared: platform arguments. */
  isPredefined(name: string): boolean {
    return this.#file.setting.globals.has(name) && !this.#args.has(name);
  }

  /** Those that the FROM line names, and those that their defaults name. */
  usedBy({ stage: { from } }: Node): readonly OutlinedArg[] {
    const texts = [from.image.text, from.platform?.value ?? ""];
    const used: OutlinedArg[] = [];
    const seen = new Set<string>();
    for (let text = texts.pop(); text !== undefined; text = texts.pop()) {
      for (const name of this.#namesIn(text)) {
        const arg = this.#args.get(name);
        if (arg === undefined || seen.has(name)) continue;
        seen.add(name);
        texts.push(this.#defaults.get(name) ?? "");
        used.push(arg);
      }
    }
    return used;
  }

  #namesIn(text: string): readonly string[] {
    const { globals, escape } = this.#file.setting;
    const { used, unset } = expand(text, { lookup: (name) => globals.get(name), escape });
    return [...used, ...unset];
  }
}
