import type { Arg, Env, KeyValue, Label } from "../parser/instruction.js";
import { addHistory, expandIn, type Draft } from "./draft.js";
import { warnSecret } from "./lint.js";
import { isControlOnly } from "./predefined-args.js";

type Pair = readonly [key: string, value: string];

/** ENV: all its values see the variables as they were before it (X02). */
export function applyEnv(draft: Draft, { pairs, at }: Env): void {
  const known = pairs.map((pair) => expandPair(draft, pair));
  for (const { name, value, guessed } of known) {
    warnSecret(draft.setting.warn, "ENV", name, at);
    setVariable(draft, { name, value, guessed });
    draft.variables.set(name, value);
  }
  addHistory(draft, `ENV ${listed(known.map(({ name, value }) => [name, value]))}`);
}

interface Assignment {
  readonly name: string;
  readonly value: string;
  readonly guessed: boolean;
}

function expandPair(draft: Draft, { key, value }: KeyValue): Assignment {
  const before = draft.guesses;
  const pair = { name: expandIn(draft, key), value: expandIn(draft, value) };
  return { ...pair, guessed: draft.guesses > before };
}

/** While the base is unknown, a value made from variables that may yet be set is no value. */
function setVariable({ env, complete }: Draft, { name, value, guessed }: Assignment): void {
  if (guessed && !complete) env.delete(name);
  else env.set(name, value);
}

/** LABEL: the last value of a key wins (I02). */
export function applyLabel(draft: Draft, { pairs }: Label): void {
  const labels = pairs.map(({ key, value }): Pair => [
    expandIn(draft, key),
    expandIn(draft, value),
  ]);
  draft.labels ??= new Map(Object.entries(draft.config.Labels ?? {}));
  for (const [key, value] of labels) draft.labels.set(key, value);
  addHistory(draft, `LABEL ${listed(labels)}`);
}

function listed(pairs: readonly Pair[]): string {
  return pairs.map(([key, value]) => `${key}=${value}`).join(" ");
}

/** ARG: in scope from here to the end of the stage, each name at once (S10 to S12). */
export function applyArg(draft: Draft, { names, at }: Arg): void {
  const shown = names.map(({ name: { text: name }, value: preset }) => {
    warnSecret(draft.setting.warn, "ARG", name, at);
    const value = argValue(draft, name, preset);
    draft.args.set(name, value?.value);
    if (value !== undefined && !isControlOnly(name)) setVariable(draft, { name, ...value });
    return value === undefined ? name : `${name}=${value.value}`;
  });
  addHistory(draft, `ARG ${shown.join(" ")}`);
}

/** --build-arg before the default, and the global value only where there is no default (S10). */
function argValue(
  draft: Draft,
  name: string,
  preset: Arg["names"][number]["value"],
): Omit<Assignment, "name"> | undefined {
  const { options, globals } = draft.setting;
  const given = options.buildArgs.get(name);
  const fixed = given ?? (preset === undefined ? globals.get(name) : undefined);
  if (fixed !== undefined) return { value: fixed, guessed: false };
  if (preset === undefined) return undefined;
  const { value, guessed } = expandPair(draft, { key: { ...preset, text: "" }, value: preset });
  return { value, guessed };
}
