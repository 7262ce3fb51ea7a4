import { BuildError, locate } from "../error.js";
import { formatPlatform, parsePlatform, type Platform } from "../oci/platform.js";
import type { Flag, From } from "../parser/instruction.js";
import { parseReference } from "../oci/reference.js";
import { suggest } from "../suggest.js";
import { expand, type Expansion } from "./expand.js";
import type { Setting } from "./setting.js";

/** The base that a FROM line names, with global ARGs filled in. */
export function readImage({ image }: From, setting: Setting): string {
  const { text, unset } = expandGlobally(image, setting);
  lintDefault(image, setting);
  if (text !== "") return text;
  throw new BuildError("STAGE", `Cannot start a stage from "${image.text}": the name is empty`, {
    at: image.at,
    hint:
      unset.size > 0 ? `give ${[...unset].join(", ")} a value by ARG or --build-arg` : undefined,
  });
}

/** The platform of a stage: its --platform, else that of the build (S07). */
export function readPlatform({ platform, name }: From, setting: Setting): Platform {
  const { targetPlatform, buildPlatform } = setting.options;
  const usual = targetPlatform ?? buildPlatform;
  if (platform === undefined || platform.value === "") return usual;
  const written = { text: platform.value ?? "", at: platform.at };
  const expansion = expandGlobally(written, setting);
  if (expansion.text === "") {
    throw new BuildError("PLATFORM", `Cannot use platform "${written.text}": it is empty`, {
      at: platform.at,
    });
  }
  try {
    const parsed = parsePlatform(expansion.text, usual);
    lintPlatform(platform, { expansion, parsed, stage: name?.text ?? "" }, setting);
    return parsed;
  } catch (error) {
    throw locate(error, platform.at);
  }
}

/** L17: the file should build without any --build-arg. */
function lintDefault({ text, at }: From["image"], { defaults, escape, warn }: Setting): void {
  if (defaults === undefined) return;
  try {
    parseReference(expand(text, { lookup: (name) => defaults.get(name), escape }).text);
  } catch {
    const message = `"${text}" names no image where only the defaults of ARGs apply`;
    warn("InvalidDefaultArgInFrom", message, at);
  }
}

function expandGlobally(
  { text, at }: Pick<From["image"], "text" | "at">,
  { globals, declared, escape, warn }: Setting,
): Expansion {
  try {
    const expansion = expand(text, { lookup: (name) => globals.get(name), escape });
    for (const name of expansion.unset) {
      if (declared.has(name)) continue;
      const guess = suggest(name, [...globals.keys(), ...declared]);
      const meant = guess === undefined ? "" : `; did you mean $${guess}?`;
      const message = `"$${name}" is not declared by an ARG before the first FROM${meant}`;
      warn("UndefinedArgInFrom", message, at);
    }
    return expansion;
  } catch (error) {
    throw locate(error, at);
  }
}

interface PlatformUse {
  readonly expansion: Expansion;
  readonly parsed: Platform;
  readonly stage: string;
}

function lintPlatform(
  { value = "", at }: Flag,
  { expansion: { text, used, unset }, parsed, stage }: PlatformUse,
  { globals, warn }: Setting,
): void {
  if (used.size === 0 && unset.size === 0) {
    if (stage.includes(parsed.os) || stage.includes(parsed.architecture)) return;
    const message = `FROM with the fixed platform "${text}" builds for no other one`;
    warn("FromPlatformFlagConstDisallowed", message, at);
  } else if (
    [...used, ...unset].join() === "TARGETPLATFORM" &&
    text === globals.get("TARGETPLATFORM")
  ) {
    const message = `--platform=${value} is what FROM does anyway`;
    warn("RedundantTargetPlatform", message, at);
  }
}

/** S22: an image that was made for another platform than the stage asks for. */
export function lintBasePlatform(
  {
    reference,
    platform,
    at,
  }: { readonly reference: string; readonly platform: Platform; readonly at: From["at"] },
  actual: Platform,
  { warn }: Setting,
): void {
  if (platform.os === actual.os && platform.architecture === actual.architecture) return;
  const message = `image "${reference}" is for ${formatPlatform(actual)}, wanted was ${formatPlatform(platform)}`;
  warn("InvalidBaseImagePlatform", message, at);
}
