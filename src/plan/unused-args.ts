import type { Instruction } from "../parser/instruction.js";
import type { Node } from "./graph.js";
import type { PlanOptions } from "./plan.js";
import { needsNoArg, platformArgs } from "./predefined-args.js";

/** Names of --build-arg that no ARG of the file, or of ONBUILD of its bases, takes up (S18). */
export function unusedArgs(
  instructions: readonly Instruction[],
  nodes: readonly Node[],
  options: PlanOptions,
): readonly string[] {
  const taken = new Set(platformArgs(options, "").keys());
  for (const one of [...instructions, ...nodes.flatMap(({ triggers }) => triggers)]) {
    const arg = one.kind === "onbuild" ? one.trigger : one;
    if (arg.kind === "arg") for (const { name } of arg.names) taken.add(name.text);
  }
  return [...options.buildArgs.keys()].filter((name) => !taken.has(name) && !needsNoArg(name));
}
