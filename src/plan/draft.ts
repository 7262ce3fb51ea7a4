import { locate, type Span } from "../error.js";
import type { ImageConfig, RuntimeConfig } from "../oci/image.js";
import type { Instruction } from "../parser/instruction.js";
import { suggest } from "../suggest.js";
import { crossTarget } from "./cross-target.js";
import type { EnvList } from "./env-list.js";
import { expand, type ExpansionMode } from "./expand.js";
import type { PlannedHistory } from "./plan.js";
import { credentialsHidden, looksSecret, MASK } from "./secret-name.js";
import type { Setting } from "./setting.js";
import type { Stage } from "./stage.js";
import type { Step } from "./step.js";

/** A stage while its instructions are applied, one after the other. */
export interface Draft {
  readonly stage: Stage;
  readonly setting: Setting;
  /** All stages of the file, for --from. */
  readonly stages: readonly Stage[];
  /** False while the base is unknown: then an unset variable may have a value after all. */
  readonly complete: boolean;
  image: ImageConfig;
  config: RuntimeConfig;
  /** The config's Env, which gets into it when the stage ends. */
  readonly variables: EnvList;
  /** All labels once LABEL has set one; they get into the config when the stage ends. */
  labels: Map<string, string> | undefined;
  /** As `labels`, of EXPOSE. */
  ports: Map<string, object> | undefined;
  /** As `labels`, of VOLUME. */
  volumes: Map<string, object> | undefined;
  /** What expansion and RUN see: ENV and ARG, whichever came later (S11). */
  readonly env: Map<string, string>;
  /** ARGs in scope with the value they got, for the history of RUN. */
  readonly args: Map<string, string | undefined>;
  /** Origins name stages by their index in the file, and images by their index in `images`. */
  readonly steps: Step[];
  readonly history: PlannedHistory[];
  /** The last instruction of each kind in this stage. */
  readonly given: Map<Instruction["kind"], Instruction>;
  workdirGiven: boolean;
  /** The instruction at hand comes from ONBUILD of the base. */
  triggered: boolean;
  /** How often a variable was asked for that is not set. */
  guesses: number;
}

/** Text of an instruction, and where it is. */
export interface Written {
  readonly text: string;
  readonly at: Span;
}

/** Fills in the variables of `written` as they are before the instruction. */
export function expandIn(draft: Draft, written: Written, mode: ExpansionMode = "word"): string {
  const { text, unset } = expansionIn(draft, written, mode);
  for (const name of unset) warnUndefined(draft, name, written.at);
  return text;
}

/** As `expandIn`, split at the blanks that variables brought in; EXPOSE may have unset ones. */
export function expandWordsIn(draft: Draft, written: Written): readonly string[] {
  return expansionIn(draft, written, "word").words;
}

function expansionIn(draft: Draft, { text, at }: Written, mode: ExpansionMode) {
  const escape = mode === "heredoc" ? "\\" : draft.setting.escape; // P09
  try {
    const lookup = (name: string): string | undefined => {
      const value = draft.env.get(name);
      if (value === undefined) draft.guesses++;
      return value;
    };
    const expansion = expand(text, { lookup, escape, mode });
    return expansion;
  } catch (error) {
    throw locate(error, at);
  }
}

/** L11. A declared ARG without a value is not a mistake. */
function warnUndefined({ env, args, setting }: Draft, name: string, at: Span): void {
  if (args.has(name)) return;
  const guess = suggest(name, env.keys());
  const meant = guess === undefined ? "" : `; did you mean $${guess}?`;
  setting.warn("UndefinedVar", `variable "$${name}" is not set${meant}`, at);
}

/**
 * The instruction for people to read: variables that are set are filled in, but for those that look
 * like secrets, and the rest is as written (X14).
 */
export function titleOf({ env, setting, triggered }: Draft, instruction: Instruction): string {
  const { keyword, line } = instruction;
  const rest = line.slice(keyword.length);
  const prefix = `${triggered ? "ONBUILD " : ""}${keyword.toUpperCase()}`;
  try {
    const lookup = (name: string): string | undefined => {
      const value = env.get(name);
      return value !== undefined && looksSecret(name) ? MASK : value;
    };
    const { text } = expand(rest, { lookup, escape: setting.escape, mode: "title" });
    return prefix + credentialsHidden(text);
  } catch {
    return prefix + credentialsHidden(rest); // text for the shell need not be a Dockerfile word
  }
}

/** The comment that BuildKit puts on every line of history that it makes (H02). */
const historyComment = "buildkit.dockerfile.v0";

/** Adds a line of history for an instruction without a layer. */
export function addHistory(draft: Draft, text: string): void {
  draft.history.push({ entry: { created_by: text, comment: historyComment }, step: undefined });
}

/** Adds a step and its line of history. */
export function addStep(draft: Draft, step: Step, text: string): void {
  const entry = { created_by: text, comment: historyComment };
  const target = crossTarget(draft.stage.platform, draft.env);
  const targeted = target === undefined ? step : { ...step, target };
  draft.history.push({ entry, step: draft.steps.push(targeted) - 1 });
}
