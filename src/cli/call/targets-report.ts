import type { Dockerfile, From } from "../../parser/instruction.js";
import { describe } from "../../plan/describe.js";
import { formatColumns } from "../format/columns.js";
import { Lines, locationOf } from "./lines.js";

/** A stage that may be built. */
interface Target {
  readonly from: From;
  /** In lower case; undefined without AS. */
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly isDefault: boolean;
}

function targetsOf({ instructions }: Dockerfile): readonly Target[] {
  const stages = instructions.filter((one) => one.kind === "from");
  return stages.map((from, i) => {
    const name = from.name?.text.toLowerCase();
    const description = name === undefined ? undefined : describe(from, name);
    return { from, name, description, isDefault: i === stages.length - 1 };
  });
}

/** The targets in the shape of `docker buildx build --call=targets,format=json`. */
export function targetsJson(dockerfile: Dockerfile): object {
  const { source } = dockerfile;
  const lines = new Lines(source);
  const targets = targetsOf(dockerfile).map(({ from, name, description, isDefault }) => ({
    name,
    default: isDefault ? true : undefined,
    description,
    base: from.image.text,
    platform: from.platform?.value,
    location: locationOf(lines.range(from.at)),
  }));
  return { targets, sources: [Buffer.from(source.text).toString("base64")] };
}

/** The targets for people. */
export function targetsText(dockerfile: Dockerfile): string {
  const rows = targetsOf(dockerfile).map(({ name = "", description = "", isDefault }) => [
    isDefault ? `${name} (default)`.trimStart() : name,
    description,
  ]);
  return formatColumns([["TARGET", "DESCRIPTION"], ...rows], 1);
}
