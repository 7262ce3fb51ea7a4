import { BuildError, type Span } from "../error.js";
import type { DraftedFile } from "./draft-file.js";
import type { Draft } from "./draft.js";
import { findNamedContext } from "./named-context.js";
import type { EpochSource } from "./plan.js";
import { findStage } from "./read-stages.js";
import type { RemoteSource } from "./remote-source.js";

/** The build argument, and global ARG, of the time that nothing new may be after (T01). */
export const EPOCH = "SOURCE_DATE_EPOCH";

/** In seconds, or whose time it is: a build argument says so, else a global ARG; empty is none. */
export function readEpoch(file: DraftedFile): number | EpochSource | undefined {
  const { options, globals } = file.setting;
  const value = options.buildArgs.get(EPOCH) ?? globals.get(EPOCH) ?? "";
  if (value === "") return undefined;
  if (/^\d{1,12}$/.test(value)) return Number(value);
  if (value === "context") return { kind: "context" };
  const named = findNamedContext(value, options.buildPlatform, options.namedContexts);
  if (named !== undefined) return { kind: "named", name: named.name };
  const stage = findStage(
    value,
    file.drafts.map((draft) => draft.stage),
  );
  const draft = file.drafts.find((one) => one.stage === stage);
  if (draft !== undefined) return { kind: "remote", source: onlySource(draft) };
  const message = `Cannot use ${EPOCH} "${value}": want seconds since 1970`;
  throw new BuildError("USAGE", message, {
    at: options.buildArgs.has(EPOCH) ? undefined : placeOf(file),
    hint: 'or "context", or the name of a context or of a stage that only adds one remote source',
  });
}

function placeOf({ args }: DraftedFile): Span | undefined {
  const names = args.flatMap((arg) => arg.names);
  return names.findLast(({ name }) => name.text === EPOCH)?.value?.at;
}

/** What a stage consists of, which must be one thing from elsewhere. */
function onlySource({ stage, steps }: Draft): RemoteSource {
  const refuse = (why: string, at: Span): BuildError =>
    new BuildError("STAGE", `Cannot take ${EPOCH} from stage "${stage.name}": ${why}`, { at });
  if (stage.base.kind !== "scratch") throw refuse("it must be FROM scratch", stage.from.at);
  const other = stage.instructions.find(({ kind }) => kind !== "arg" && kind !== "add");
  if (other !== undefined) {
    throw refuse(`it may have nothing but ARG and one ADD, not ${other.keyword}`, other.at);
  }
  const sources = steps.flatMap((step) => (step.kind === "copy" ? [step] : []));
  const [only, ...others] = sources.flatMap((step) => [...step.sources, ...step.files]);
  if (typeof only === "object" && "kind" in only && others.length === 0) return only;
  throw refuse("it must have exactly one remote ADD", stage.from.at);
}
