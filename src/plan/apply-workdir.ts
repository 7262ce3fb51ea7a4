import type { Workdir } from "../parser/instruction.js";
import { addHistory, addStep, expandIn, titleOf, type Draft } from "./draft.js";
import { joinWorkdir } from "./paths.js";

/** WORKDIR: a step, unless it is the root; an absolute one is stored as it is written (I07). */
export function applyWorkdir(draft: Draft, workdir: Workdir): void {
  const written = expandIn(draft, workdir.path);
  if (!draft.workdirGiven && !written.startsWith("/")) {
    const message = `"${written}" is relative to whatever directory the base image sets`;
    draft.setting.warn("WorkdirRelativePath", message, workdir.at);
  }
  draft.workdirGiven = true;
  const path = joinWorkdir(draft.config.WorkingDir ?? "", written);
  const stored = written.startsWith("/") ? written : path;
  draft.config = { ...draft.config, WorkingDir: stored };
  const text = `WORKDIR ${stored}`;
  if (path === "/") {
    addHistory(draft, text);
    return;
  }
  const title = titleOf(draft, workdir);
  const user = draft.config.User ?? "";
  addStep(draft, { kind: "workdir", at: workdir.at, title, path, user }, text);
}
