import { BuildError } from "../error.js";
import type { Add, Copy, CopySource, Flag, Heredoc, Word } from "../parser/instruction.js";
import { fromFlag, originOf, resolveCopyFrom } from "./copy-from.js";
import { addStep, expandIn, titleOf, type Draft } from "./draft.js";
import { readSources } from "./copy-sources.js";
import { lintIgnored } from "./lint-instruction.js";
import { refuseNul } from "./nul.js";
import { joinDestination, joinWorkdir } from "./paths.js";
import type { ImageRequest } from "./plan.js";
import type { Origin } from "./origin.js";
import type { CopyStep } from "./step.js";

/** COPY and ADD. */
export function applyCopy(draft: Draft, copy: Copy | Add, images: ImageRequest[]): void {
  const instruction = copy.kind === "add" ? "ADD" : "COPY";
  const words = copy.sources.filter((source): source is Word => !isHeredoc(source));
  const written = words.map((word) => expandIn(draft, word));
  const sources = readSources(copy, {
    words: words.map(({ at }, index) => ({ at, text: written[index] ?? "" })),
    checksum: expandFlag(draft, copy, "checksum"),
    keepGitDir: readBoolean(copy, "keep-git-dir"),
    unpack: readBoolean(copy, "unpack"),
  });
  lintIgnored(
    draft,
    copy,
    sources.filter((source) => typeof source === "string"),
  );
  const files = copy.sources.filter(isHeredoc).map((heredoc) => readFile(draft, heredoc));
  for (const path of [...written, ...files.map(({ name }) => name)]) refuseNul(path);
  const chown = expandFlag(draft, copy, "chown");
  const chmod = expandFlag(draft, copy, "chmod");
  const parents = readBoolean(copy, "parents") ?? false;
  const destination = expandIn(draft, copy.destination);
  const step: CopyStep = {
    kind: "copy",
    at: copy.at,
    title: titleOf(draft, copy),
    instruction,
    origin: readOrigin(draft, copy, images),
    sources,
    files,
    destination: joinDestination(draft.config.WorkingDir ?? "", destination),
    chown,
    chmod,
    exclude: readExcludes(copy),
    parents,
    link: readBoolean(copy, "link") ?? false,
    unpack: readBoolean(copy, "unpack") ?? copy.kind === "add",
  };
  const line = [
    instruction,
    ...(parents ? ["--parents"] : []),
    ...(chown === undefined ? [] : [`--chown=${chown}`]),
    ...(chmod === undefined ? [] : [`--chmod=${chmod}`]),
    ...written,
    ...files.map(({ name }) => `<<${name}`),
    destination,
  ];
  addStep(draft, step, `${line.join(" ")} # buildkit`);
}

function isHeredoc(source: CopySource): source is Heredoc {
  return "body" in source;
}

function readFile(draft: Draft, heredoc: Heredoc): { name: string; body: string } {
  const { name, body, expand, at } = heredoc;
  return { name, body: expand ? expandIn(draft, { text: body, at }, "heredoc") : body };
}

function readOrigin({ stages, setting }: Draft, copy: Copy | Add, images: ImageRequest[]): Origin {
  const flag = fromFlag(copy);
  if (flag === undefined) return { kind: "context" };
  return originOf(resolveCopyFrom(flag, stages, setting), images);
}

function findFlag({ flags }: Copy | Add, name: string): Flag | undefined {
  return flags.find((flag) => flag.name === name);
}

/** An empty value is as if the flag were not there, so that a variable can decide. */
function expandFlag(draft: Draft, copy: Copy | Add, name: string): string | undefined {
  const flag = findFlag(copy, name);
  if (flag === undefined) return undefined;
  const value = expandIn(draft, { text: flag.value ?? "", at: flag.at });
  return value === "" ? undefined : value;
}

/** As written: variables have no meaning in them, and empty ones none at all (C18). */
function readExcludes({ flags }: Copy | Add): readonly string[] {
  return flags.flatMap(({ name, value }) => (name === "exclude" && value ? [value] : []));
}

function readBoolean(copy: Copy | Add, name: string): boolean | undefined {
  const flag = findFlag(copy, name);
  if (flag === undefined) return undefined;
  if (flag.value === undefined || flag.value === "true") return true;
  if (flag.value === "false") return false;
  throw new BuildError("SYNTAX", `Cannot use --${name}=${flag.value}: want true or false`, {
    at: flag.at,
  });
}

/** A directory that is the root filesystem of a stage (FROM of a named context). */
export function copyAll(name: string, at: CopyStep["at"]): CopyStep {
  return {
    kind: "copy",
    at,
    title: `FROM ${name}`,
    instruction: "COPY",
    origin: { kind: "named", name },
    sources: ["/"],
    files: [],
    destination: joinWorkdir("/", ""),
    chown: undefined,
    chmod: undefined,
    exclude: [],
    parents: false,
    link: false,
    unpack: false,
  };
}
