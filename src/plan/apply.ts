import { BuildError, locate } from "../error.js";
import type { Instruction } from "../parser/instruction.js";
import { applyCmd, applyEntrypoint, applyRun } from "./apply-command.js";
import { applyCopy } from "./apply-copy.js";
import { applyArg, applyEnv, applyLabel } from "./apply-env.js";
import { applyExpose } from "./apply-expose.js";
import {
  applyHealthcheck,
  applyOnbuild,
  applyShell,
  applyStopsignal,
  applyUser,
  applyVolume,
} from "./apply-metadata.js";
import { applyWorkdir } from "./apply-workdir.js";
import { addHistory, type Draft } from "./draft.js";
import type { ImageRequest } from "./plan.js";

/**
 * Applies one instruction to a stage: its config, its history and its steps. An error that an unset
 * variable may have caused does not count while the base, which may set it, is unknown.
 */
export function apply(draft: Draft, instruction: Instruction, images: ImageRequest[]): void {
  const before = draft.guesses;
  try {
    dispatch(draft, instruction, images);
  } catch (error) {
    if (error instanceof BuildError && draft.guesses > before && !draft.complete) return;
    throw locate(error, instruction.at);
  }
}

function dispatch(draft: Draft, instruction: Instruction, images: ImageRequest[]): void {
  switch (instruction.kind) {
    case "add":
    case "copy":
      applyCopy(draft, instruction, images);
      return;
    case "arg":
      applyArg(draft, instruction);
      return;
    case "cmd":
      applyCmd(draft, instruction);
      return;
    case "entrypoint":
      applyEntrypoint(draft, instruction);
      return;
    case "env":
      applyEnv(draft, instruction);
      return;
    case "expose":
      applyExpose(draft, instruction);
      return;
    case "from":
      throw new Error("FROM starts a stage and is no part of one");
    case "healthcheck":
      applyHealthcheck(draft, instruction);
      return;
    case "label":
      applyLabel(draft, instruction);
      return;
    case "maintainer":
      draft.image = { ...draft.image, author: instruction.name };
      addHistory(draft, `MAINTAINER ${instruction.name}`);
      return;
    case "onbuild":
      applyOnbuild(draft, instruction);
      return;
    case "run":
      applyRun(draft, instruction, images);
      return;
    case "shell":
      applyShell(draft, instruction);
      return;
    case "stopsignal":
      applyStopsignal(draft, instruction);
      return;
    case "user":
      applyUser(draft, instruction);
      return;
    case "volume":
      applyVolume(draft, instruction);
      return;
    case "workdir":
      applyWorkdir(draft, instruction);
      return;
  }
}
